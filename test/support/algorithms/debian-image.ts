/** Images made of Debian's packages on this machine, with what their programs are linked with: no registry and no build is needed. */
import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { engineSocket } from '../../../scripts/parts/engine.ts';
import { findProgram } from '../../../scripts/parts/program.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

const run = promisify(execFile);
const MAX_OUTPUT = { maxBuffer: 100_000_000 };

interface DebianImage {
  readonly name: string;
  readonly programs: readonly string[];
  /** Searched for shared objects, whose libraries come along. */
  readonly folders: readonly string[];
  /** Left out where this machine has none. */
  readonly more: readonly string[];
  readonly applets: readonly string[];
  /** Of the file with the names of users; without it the image has none. */
  readonly passwd?: string;
  /** Texts of its own, by their paths. */
  readonly texts?: Readonly<Record<string, string>>;
  /** As in a Dockerfile. */
  readonly changes: readonly string[];
}

/** Imports it under this name. */
export async function importDebianImage(image: DebianImage): Promise<void> {
  await using folder = await temporaryFolder('image');
  const own = join(folder.path, 'own');
  const libraries = await sharedLibraries([...image.programs, ...(await sharedObjects(image.folders))]);
  await makeOwn(own, image);
  const paths = [...image.programs, ...image.folders, ...libraries, ...(await existing(image.more))];
  const listed = paths.map((path) => path.slice(1));
  const list = join(folder.path, 'list');
  await writeFile(list, listed.join('\n'));
  const left = ['--exclude=__pycache__', '--exclude=tests', '--exclude=test'];
  const tar = spawn('tar', ['-ch', ...left, '-C', own, '.', '-C', '/', '-T', list], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await importTar(image, tar.stdout);
}

async function makeOwn(own: string, { applets, passwd, texts = {} }: DebianImage): Promise<void> {
  const busybox = findProgram('busybox');
  if (busybox === undefined) throw new Error('busybox is not installed: apt-get install busybox-static');
  for (const path of ['bin', 'usr/bin', 'tmp', 'app', 'etc']) await mkdir(join(own, path), { recursive: true });
  // As in many images made by hand.
  await chmod(join(own, 'tmp'), 0o755);
  // The archive follows links: each is the program itself.
  for (const applet of applets) await symlink(busybox, join(own, 'bin', applet));
  for (const [path, content] of Object.entries(texts)) await writeFile(join(own, path), content);
  if (passwd !== undefined) await writeFile(join(own, 'etc/passwd'), passwd);
}

async function sharedObjects(folders: readonly string[]): Promise<readonly string[]> {
  if (folders.length === 0) return [];
  const { stdout } = await run('find', ['-L', ...folders, '-name', '*.so*', '-type', 'f'], MAX_OUTPUT);
  return stdout.split('\n').filter((path) => path !== '');
}

/** `ldd` names a library as `name => /path (address)` and the loader as `/path (address)`. */
async function sharedLibraries(files: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [...files], MAX_OUTPUT).catch(
    // It ends with 1 where one of them needs nothing.
    (error: unknown) => error as { readonly stdout: string },
  );
  return [...new Set([...stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/gm)].map(([, path = '']) => path))];
}

async function existing(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    paths.map((path) =>
      realpath(path).then(
        () => path,
        () => undefined,
      ),
    ),
  );
  return found.filter((path) => path !== undefined);
}

async function importTar({ name, changes }: DebianImage, tar: NodeJS.ReadableStream): Promise<void> {
  const query = new URLSearchParams({ fromSrc: '-', repo: name });
  for (const change of changes) query.append('changes', change);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const asked = request({
    socketPath: engineSocket(),
    method: 'POST',
    path: `/images/create?${query.toString()}`,
    agent: false,
  });
  asked.on('error', reject);
  asked.on('response', (answer) => {
    text(answer).then(
      (said) => (answer.statusCode === 200 && !said.includes('errorDetail') ? resolve() : reject(new Error(said))),
      reject,
    );
  });
  tar.pipe(asked);
  await promise;
}
