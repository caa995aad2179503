/** Fetches the results of a job and keeps them where a person finds them. */
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Consumer } from '../parts/consumer.ts';

export interface SavedResult {
  readonly filename: string;
  readonly type: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly bytes: Buffer;
}

/** Puts all results of an ended job into `dir`, which holds nothing else afterwards. */
export async function saveResults(consumer: Consumer, job: StatusObject, dir: string): Promise<readonly SavedResult[]> {
  await rm(dir, { recursive: true, force: true });
  const saved: SavedResult[] = [];
  for (const { filename, type, index, filesize } of job.results) {
    const response = await consumer.result(job.jobId, index);
    if (!response.ok) throw new Error(`The node answered ${response.status} for ${filename}: ${await response.text()}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (bytes.length !== filesize) {
      throw new Error(`${filename} has ${bytes.length} bytes, but the job says ${filesize}.`);
    }
    const path = resolve(dir, filename);
    if (!path.startsWith(resolve(dir) + sep))
      throw new Error(`The result ${filename} has a name that leads elsewhere.`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    saved.push({ filename, type, path: join(dir, filename), sizeBytes: bytes.length, sha256, bytes });
  }
  return saved;
}
