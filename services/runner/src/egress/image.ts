/**
 * The image of the programs that give a job its network. It is made of what the runner itself runs on, its own Node and the libraries
 * that needs, so that no registry is needed, and nothing comes from anybody else.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { CapstanError, messageOf } from '@capstan/shared/errors';
import type { Engine } from '../docker/engine.ts';
import { EGRESS_DIR, NODE_PATH, PROGRAMS_DIR } from './paths.ts';

const PROGRAMS = ['rule.ts', 'proxy.ts', 'relay.ts', 'addresses.ts'];
const REPOSITORY = 'capstan/egress';

export interface EgressImage {
  /** Resolves to its name, once the engine has it. Throws CONTAINER_REFUSED. */
  ensure(signal: AbortSignal): Promise<string>;
}

export function createEgressImage(engine: Pick<Engine, 'findImage' | 'importImage'>): EgressImage {
  const ensure = async (signal: AbortSignal) => {
    const files = await ingredients();
    const reference = `${REPOSITORY}:${tagOf(files)}`;
    if (await engine.findImage(reference, signal)) return reference;
    const archive = pack();
    try {
      await Promise.all([write(archive, files), engine.importImage(reference, archive as unknown as Readable, signal)]);
    } finally {
      // Whichever of the two failed, the other must not wait for it.
      archive.destroy();
    }
    return reference;
  };
  return { ensure };
}

interface Ingredients {
  /** Small files, whole. */
  readonly texts: ReadonlyMap<string, Buffer>;
  /** Large ones: where they are in the image, and here. */
  readonly binaries: ReadonlyMap<string, string>;
}

async function ingredients(): Promise<Ingredients> {
  const texts = new Map<string, Buffer>();
  for (const name of PROGRAMS) {
    texts.set(`${PROGRAMS_DIR}/${name}`, await readFile(join(import.meta.dirname, 'programs', name)));
  }
  const ipaddr = fileURLToPath(import.meta.resolve('ipaddr.js'));
  const at = `${PROGRAMS_DIR}/node_modules/ipaddr.js`;
  texts.set(`${at}/lib/${basename(ipaddr)}`, await readFile(ipaddr));
  texts.set(`${at}/package.json`, await readFile(join(dirname(dirname(ipaddr)), 'package.json')));
  return { texts, binaries: new Map([[NODE_PATH, process.execPath], ...(await libraries())]) };
}

/** `ldd` names a library as `name => /path (address)` and the loader as `/path (address)`; each is found again at its path. */
async function libraries(): Promise<readonly [string, string][]> {
  try {
    const { stdout } = await promisify(execFile)('ldd', [process.execPath]);
    const paths = [...stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/gm)].map(([, path = '']) => path);
    return await Promise.all(paths.map(async (path): Promise<[string, string]> => [path, await realpath(path)]));
  } catch (error) {
    throw new CapstanError('CONTAINER_REFUSED', 'This node can not make what gives a job its network: it needs ldd.', {
      cause: new Error(messageOf(error)),
    });
  }
}

function tagOf({ texts, binaries }: Ingredients): string {
  const hash = createHash('sha256').update(JSON.stringify([process.version, process.arch, [...binaries.keys()]]));
  for (const [path, content] of texts) hash.update(path).update(content);
  return hash.digest('hex').slice(0, 16);
}

async function write(archive: Pack, { texts, binaries }: Ingredients): Promise<void> {
  // Whoever runs in it makes its socket there: a new volume takes over the folder's rights.
  archive.entry({ name: `${EGRESS_DIR.slice(1)}/`, type: 'directory', mode: 0o1777 });
  for (const [path, content] of texts) archive.entry({ name: path.slice(1), mode: 0o444 }, content);
  for (const [path, source] of binaries) {
    const { size } = await stat(source);
    await pipeline(createReadStream(source), archive.entry({ name: path.slice(1), mode: 0o555, size }));
  }
  archive.finalize();
}
