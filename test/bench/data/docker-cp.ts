/** The floor: `docker cp` of a file into a volume of a container that was never started, and out of it again onto a disk. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Copied {
  readonly inMs: number;
  /** Until the bytes are on the disk, as the node has it. */
  readonly outMs: number;
}

export function createDockerCp({ image, dir }: { readonly image: string; readonly dir: string }) {
  return {
    async once(file: string): Promise<Copied> {
      const name = `capstan-bench-${randomBytes(6).toString('hex')}`;
      const target = join(dir, name);
      await run('docker', ['create', '--name', name, '--volume', `${name}:/data`, image, '/never-started']);
      try {
        const inMs = await timed(() => run('docker', ['cp', file, `${name}:/data/0`]));
        await settle();
        const outMs = await timed(async () => {
          await run('docker', ['cp', `${name}:/data/0`, target]);
          await using handle = await open(target, 'r+');
          await handle.datasync();
        });
        return { inMs, outMs };
      } finally {
        await run('docker', ['rm', '--force', name]);
        await run('docker', ['volume', 'rm', name]);
        await rm(target, { force: true });
      }
    },
  };
}

/** Nobody's measurement pays for what others left unwritten. */
export const settle = async (): Promise<void> => void (await run('sync'));

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}
