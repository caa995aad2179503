/** Results in a store beside this machine, as the runner's writer for it leaves them: `<jobId>/<run>/manifest.json` and its places. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { manifestName, objectName, resultsOf } from '@capstan/shared/results/manifest';
import { MAX_MANIFEST_BYTES, parseManifest } from '@capstan/shared/results/manifest-text';
import type { Objects } from '@capstan/shared/results/objects';
import { verified } from '@capstan/shared/results/verified';
import { notWhole, type Results, type RunOfJob } from './open.ts';

interface RemoteOptions {
  readonly objects: Objects;
  /** Where a runner on this machine keeps what it remembers of its runs. */
  readonly dir: string;
}

/** A consumer waits for it: a store that says nothing for this long is given up. */
const OPEN_MS = 60_000;
const REMOVE_MS = 600_000;

export function createRemoteResults({ objects, dir }: RemoteOptions): Results {
  const readManifest = async (run: RunOfJob, limit: AbortSignal) => {
    const content = await objects.readSmall(manifestName(run), MAX_MANIFEST_BYTES, limit);
    return content && parseManifest(content.toString('utf8'), run);
  };

  return {
    async remove(jobId, signal) {
      const limit = AbortSignal.timeout(REMOVE_MS);
      await objects.removeFolder(jobId, signal ? AbortSignal.any([signal, limit]) : limit);
      await rm(join(dir, jobId), { recursive: true, force: true });
    },
    async list(run) {
      const manifest = await readManifest(run, AbortSignal.timeout(OPEN_MS));
      return manifest && resultsOf(manifest);
    },
    async open(run, index) {
      const limit = AbortSignal.timeout(OPEN_MS);
      const manifest = await readManifest(run, limit);
      if (!manifest) return undefined;
      const { files, expiresAt } = manifest;
      const file = files.find((each) => each.index === index);
      if (!file?.place) return undefined;
      const place = objectName(run, file.place);
      const sizeBytes = file.filesize;
      if ((await objects.sizeOf(place, limit)) !== sizeBytes) throw notWhole(undefined);
      const reading = new AbortController();
      return {
        file,
        expiresAt,
        read(range) {
          const read = (part: typeof range) => objects.read(place, { sizeBytes, range: part }, reading.signal);
          const bytes = Readable.from(verified(file, range, read), { objectMode: false });
          return bytes.once('close', () => reading.abort());
        },
        close: () => Promise.resolve(reading.abort()),
      };
    },
  };
}
