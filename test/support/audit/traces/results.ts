/** What lies in a folder of results: each manifest, and the hash of each file that it names, as the bytes are. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Manifest } from '@capstan/shared/results/manifest';
import { systemCode } from '@capstan/shared/contract/errors';
import type { PublishedRun } from '../observed.ts';

export async function seenInResults(dir: string): Promise<readonly PublishedRun[]> {
  const published: PublishedRun[] = [];
  for (const jobId of await namesIn(dir)) {
    // What begins with a dot is a draft, which nobody is served.
    for (const run of (await namesIn(join(dir, jobId))).filter((name) => /^[1-9]\d*$/.test(name))) {
      const text = await ifThere(() => readFile(join(dir, jobId, run, 'manifest.json'), 'utf8'));
      if (text === undefined) continue;
      const manifest = JSON.parse(text) as Manifest;
      const hashes = manifest.files.map(({ index }) => sha256Of(join(dir, jobId, run, 'files', String(index))));
      published.push({ jobId: manifest.jobId, run: manifest.run, manifest, served: await Promise.all(hashes) });
    }
  }
  return published;
}

const namesIn = async (dir: string): Promise<readonly string[]> => (await ifThere(() => readdir(dir))) ?? [];

const sha256Of = (path: string) =>
  ifThere(async () => {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  });

async function ifThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
