/** Results in a folder, as the runner's folder writer leaves them: `<dir>/<jobId>/<run>/manifest.json` and `files/<index>`. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { resultsOf, type Manifest } from '@capstan/shared/results/manifest';
import { CapstanError } from '@capstan/shared/contract/errors';
import { MAX_MANIFEST_BYTES, parseManifest } from '@capstan/shared/results/manifest-text';
import { openBeneath } from '@capstan/shared/results/open-beneath';
import { verified } from '@capstan/shared/results/verified';
import { notWhole, type Results, type RunOfJob } from './open.ts';

export function createResultsFolder(dir: string): Results {
  return {
    remove: (jobId) => rm(join(dir, jobId), { recursive: true, force: true }),
    async list(run) {
      const manifest = await readManifest(dir, run);
      return manifest && resultsOf(manifest);
    },
    async open(run, index) {
      const manifest = await readManifest(dir, run);
      const file = manifest?.files.find((each) => each.index === index);
      if (!manifest || !file) return undefined;
      const opened = openBeneath(dir, run.jobId, String(run.run), 'files', String(file.index));
      const handle = await opened.catch((error: unknown) => {
        throw whole(error);
      });
      if (!handle) throw notWhole(undefined);
      const { size } = await handle.stat();
      if (size !== file.filesize) {
        await handle.close();
        throw notWhole(undefined);
      }
      return {
        file,
        expiresAt: manifest.expiresAt,
        read(range) {
          const bytes = verified(file, range, (part) =>
            Promise.resolve(handle.createReadStream({ ...part, autoClose: false, highWaterMark: 256 * 1024 })),
          );
          const stream = Readable.from(bytes, { objectMode: false });
          return stream.once('close', () => void handle.close().catch(() => undefined));
        },
        close: () => handle.close(),
      };
    },
  };
}

async function readManifest(dir: string, run: RunOfJob): Promise<Manifest | undefined> {
  try {
    await using handle = await openBeneath(dir, run.jobId, String(run.run), 'manifest.json');
    if (!handle) return undefined;
    if ((await handle.stat()).size > MAX_MANIFEST_BYTES) throw notWhole(undefined);
    return parseManifest(await handle.readFile('utf8'), run);
  } catch (error) {
    throw whole(error);
  }
}

const whole = (error: unknown) => (error instanceof CapstanError ? error : notWhole(error));
