/** Results in the folder that also remembers the runs: `results/<jobId>/<run>/files/<index>` beside the manifest. */
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Manifest, ManifestFile } from '@capstan/shared/results/manifest';
import { CapstanError } from '@capstan/shared/contract/errors';
import { verified } from '@capstan/shared/results/verified';
import { inResultOrder } from './order.ts';
import type { Draft, Results } from './results.ts';
import { reading, requireFile } from './reading.ts';
import { createRuns, storeFile, sync, translated, type RunDraft } from './runs.ts';

export function createResultsFolder(dir: string): Results {
  const runs = createRuns(dir);
  return {
    read: runs.read,
    remove: runs.remove,
    open: (run, index) =>
      reading(async () => {
        const file = requireFile(await runs.read(run), index);
        const handle = await runs.openFile(run, index);
        if (!handle) throw new CapstanError('RESULTS_UNAVAILABLE', 'a result is not where it was published');
        const body = verified(file, undefined, () => Promise.resolve(handle.createReadStream()));
        const stream = Readable.from(body, { objectMode: false });
        return {
          sizeBytes: file.filesize,
          body: stream.once('close', () => void handle.close().catch(() => undefined)),
        };
      }),
    forgetJob: runs.remove,
    list: runs.list,
    drop: (manifest, { droppedAt }) => runs.drop(manifest, droppedAt),
    forget: runs.forget,
    // A disk that is full may get room.
    retries: 3,
    maxRetryDelayMs: 2_000,
    async begin(run) {
      const draft = await runs.begin(run);
      await translated(() => mkdir(draft.filesDir, { mode: 0o770 }));
      return createDraft(draft);
    },
  };
}

type StoredFile = Omit<ManifestFile, 'index'> & { readonly at: string };

function createDraft({ filesDir, addPrivate, commit }: RunDraft): Draft {
  const stored: StoredFile[] = [];
  let places = 0;

  return {
    addPrivate,
    add: (file, body) =>
      translated(async () => {
        const at = join(filesDir, `new-${places++}`);
        stored.push({ ...file, ...(await storeFile(at, body)), at });
      }),
    publish: (outcome) =>
      translated(async () => {
        const files = inResultOrder(stored);
        await Promise.all(files.map(({ at }, index) => rename(at, join(filesDir, String(index)))));
        await sync(filesDir);
        const listed = files.map(({ at: _at, ...file }, index) => ({ index, ...file }));
        const manifest: Manifest = { ...outcome, files: listed };
        await commit(manifest);
        return manifest;
      }),
  };
}

/** Files as events and clients show them. */
