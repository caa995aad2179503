/** What this machine really has. */
import { access, mkdir, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import type { DiskUse } from '../images/eviction.ts';
import type { Machine } from '../environments/limits.ts';
import type { EngineHost } from '../docker/ports/host.ts';

export async function readMachine(dataDir: string): Promise<Machine> {
  await mkdir(dataDir, { recursive: true });
  const disk = await statfs(dataDir);
  return {
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    diskBytes: disk.blocks * disk.bsize,
    freeDiskBytes: disk.bavail * disk.bsize,
    freeFiles: disk.files > 0 ? disk.ffree : undefined,
  };
}

export async function readDisk(folder: string): Promise<DiskUse> {
  const { blocks, bavail, bsize, files, ffree } = await statfs(folder);
  // A file system that makes room for as many files as come says 0.
  return {
    totalBytes: blocks * bsize,
    freeBytes: bavail * bsize,
    ...(files > 0 ? { totalFiles: files, freeFiles: ffree } : {}),
  };
}

interface EngineDiskOptions {
  readonly engine: Pick<EngineHost, 'about'>;
  readonly configured: string | undefined;
  readonly dataDir: string;
}

const LIMIT_MS = 15_000;

/**
 * The engine does not say how full its disk is: one has to look at a folder on it. A runner in a container doesn't see the engine's
 * own; its data folder is a volume of the same engine then.
 */
export function createEngineDisk({ engine, configured, dataDir }: EngineDiskOptions): () => Promise<DiskUse> {
  let folder = configured;
  const find = async () => {
    const { rootDir } = await engine.about(AbortSignal.timeout(LIMIT_MS));
    return access(rootDir).then(
      () => rootDir,
      () => dataDir,
    );
  };
  return async () => {
    folder ??= await find();
    return readDisk(folder);
  };
}
