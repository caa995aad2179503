/** What this machine really has. */
import { mkdir, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Machine } from './limits.ts';

export async function readMachine(dataDir: string): Promise<Machine> {
  await mkdir(dataDir, { recursive: true });
  const disk = await statfs(dataDir);
  return {
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    diskBytes: disk.blocks * disk.bsize,
    freeDiskBytes: disk.bavail * disk.bsize,
  };
}
