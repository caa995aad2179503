/** Results in the folder that also remembers the runs: `results/<jobId>/<run>/files/<index>` beside the manifest. */
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResultFile } from '@capstan/shared/contract/job';
import type { Manifest, ManifestFile } from '@capstan/shared/contract/manifest';
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
        const { filesize } = requireFile(await runs.read(run), index);
        const handle = await open(join(runs.filesDirOf(run), String(index)));
        return { sizeBytes: filesize, body: handle.createReadStream() };
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
      await translated(() => mkdir(draft.filesDir));
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
export function resultsOf({ files }: Pick<Manifest, 'files'>): ResultFile[] {
  return files.map(({ filename, filesize, type, index }) => ({ filename, filesize, type, index }));
}
