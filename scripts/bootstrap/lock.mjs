import { spawn } from 'node:child_process';
import { close, openSync } from 'node:fs';
import { once } from 'node:events';
import { findProgram } from './programs.mjs';

/**
 * Waits until no other set-up works on this folder, and holds the place until `release` or the end of the process.
 * The lock is on the open folder itself (flock(1) takes it on our descriptor), so nothing can be left behind.
 */
export async function lockFolder(folder, signal) {
  const flock = findProgram('flock');
  if (flock === undefined) return { release() {} };
  const descriptor = openSync(folder, 'r');
  const child = spawn(flock, ['3'], { signal, stdio: ['ignore', 'ignore', 'inherit', descriptor] });
  await once(child, 'exit');
  return { release: () => close(descriptor) };
}
