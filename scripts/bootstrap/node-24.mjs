import { join } from 'node:path';
import { run } from './programs.mjs';
import { SetupError } from './setup-error.mjs';

const NEEDED_MAJOR = 24;

/** The Node that runs our TypeScript: the one package-lock.json pins, else the one we run on if it is new enough. */
export async function findNode24({ root, signal }) {
  const pinned = join(root, 'node_modules', '.bin', 'node');
  for (const candidate of [pinned, process.execPath]) {
    const { code, output } = await run([candidate, '--version'], { signal });
    if (code === 0 && majorOf(output) >= NEEDED_MAJOR) return candidate;
  }
  throw new SetupError(
    `Node ${NEEDED_MAJOR} is needed, this is ${process.version}, and the one in node_modules does not run on ${process.platform}-${process.arch}`,
    `install Node ${NEEDED_MAJOR} or newer (https://nodejs.org/en/download), then run the command again`,
  );
}

function majorOf(version) {
  return Number(/^v(\d+)\./.exec(version)?.[1]);
}
