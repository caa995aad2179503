/** Small images as registries hold them, made byte by byte: so a test has them of any machine, size and content. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { engineSocket } from '../../../scripts/parts/engine.ts';
import { findProgram } from '../../../scripts/parts/program.ts';
import type { Registry } from '../../../scripts/parts/registry.ts';

export interface Blob {
  readonly digest: string;
  readonly bytes: Buffer;
}

export interface SmallImage {
  readonly config: Blob;
  readonly layer: Blob;
  readonly manifest: Blob;
}

export const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

interface ImageParts {
  readonly architecture?: string;
  /** What `/mark` says, to tell one image from another. */
  readonly mark?: string;
  /** What a Dockerfile says beside files: `Env`, `Volumes`, `Labels`, … */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Folders in it. */
  readonly folders?: readonly string[];
  /** Symbolic links in it, and where they lead. */
  readonly links?: Readonly<Record<string, string>>;
  /** Named pipes in it. */
  readonly pipes?: readonly string[];
  /** Bytes that don't compress, or zeros, which do. */
  readonly padding?: { readonly bytes: number; readonly isZeros?: boolean };
  /** Images whose layers lie on top of its own. */
  readonly layers?: readonly SmallImage[];
}

/** Busybox with a shell, and a file `/mark`. No two are the same. */
export async function smallImage({
  architecture = goArchitecture(),
  mark = 'mark',
  settings = {},
  folders = [],
  links = {},
  pipes = [],
  padding,
  layers = [],
}: ImageParts = {}): Promise<SmallImage> {
  const busybox = findProgram('busybox');
  if (busybox === undefined) throw new Error('busybox is not installed: apt-get install busybox-static');
  const tar = pack();
  tar.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile(busybox));
  for (const name of folders) tar.entry({ name, type: 'directory', mode: 0o777 });
  for (const [name, linkname] of Object.entries(links)) tar.entry({ name, type: 'symlink', linkname });
  for (const name of pipes) tar.entry({ name, type: 'fifo', mode: 0o666 });
  for (const applet of ['sh', 'cat', 'sleep'])
    tar.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  tar.entry({ name: 'mark' }, `${mark}\n`);
  tar.entry({ name: 'unlike' }, randomBytes(16).toString('hex'));
  if (padding)
    tar.entry({ name: 'padding' }, padding.isZeros ? Buffer.alloc(padding.bytes) : randomBytes(padding.bytes));
  tar.finalize();
  const plain = await buffer(tar);
  const layer = blob(gzipSync(plain, { level: padding && !padding.isZeros ? 0 : 1 }));
  const config = blob(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: settings,
      rootfs: {
        type: 'layers',
        diff_ids: [digestOf(plain), ...layers.map((one) => digestOf(gunzipSync(one.layer.bytes)))],
      },
      history: [1, ...layers].map(() => ({ created: '2024-01-01T00:00:00Z' })),
    }),
  );
  const manifest = blob(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        size: config.bytes.length,
        digest: config.digest,
      },
      layers: [layer, ...layers.map((one) => one.layer)].map(({ bytes, digest }) => ({
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        size: bytes.length,
        digest,
      })),
    }),
  );
  return { config, layer, manifest };
}

/** Puts it onto the machine's engine alone, as `docker load` does. */
export async function load(name: string, { config, layer }: SmallImage): Promise<void> {
  const tar = pack();
  tar.entry({ name: 'config.json' }, config.bytes);
  tar.entry({ name: 'layer.tar' }, gunzipSync(layer.bytes));
  tar.entry(
    { name: 'manifest.json' },
    JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]),
  );
  tar.finalize();
  const body = await buffer(tar);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const asked = request({ socketPath: engineSocket(), path: '/images/load?quiet=1', method: 'POST', agent: false });
  asked.setHeader('content-type', 'application/x-tar');
  asked.on('error', reject);
  asked.on('response', (answer) => {
    text(answer).then((said) => (answer.statusCode === 200 ? resolve() : reject(new Error(said))), reject);
  });
  asked.end(body);
  await promise;
}

/** Puts it into a registry under `repository:tag`, by the registry's own API. */
export async function push({ host, login }: Registry, name: string, image: SmallImage): Promise<void> {
  const [repository = '', tag = ''] = name.split(':');
  const base = `http://${host}/v2/${repository}`;
  const authorization = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  const send = async (method: string, url: string | URL, body?: Buffer, type = 'application/octet-stream') => {
    const response = await fetch(url, {
      method,
      ...(body ? { body: new Uint8Array(body) } : {}),
      headers: { 'content-type': type, connection: 'close', ...(authorization ? { authorization } : {}) },
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the registry answered ${response.status} to ${method} ${String(url)}`);
    return response;
  };
  for (const { digest, bytes } of [image.config, image.layer]) {
    const begun = await send('POST', `${base}/blobs/uploads/`);
    const place = new URL(begun.headers.get('location') ?? '', base);
    place.searchParams.set('digest', digest);
    await send('PUT', place, bytes);
  }
  await send('PUT', `${base}/manifests/${tag}`, image.manifest.bytes, MANIFEST_TYPE);
}

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

function blob(content: string | Buffer): Blob {
  const bytes = Buffer.from(content);
  return { digest: digestOf(bytes), bytes };
}

export function goArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}
