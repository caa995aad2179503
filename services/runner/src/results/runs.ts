/**
 * What this runner remembers of the runs that it has published, `results/<jobId>/<run>/`: the manifest, wherever the files are, for it
 * says how the run ended; and what is for the operator alone, in `private/`, which no manifest lists. All of it appears at once, by a
 * rename, after everything in it is on the disk; until then it is a draft, which a later try throws away.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJobId, type JobId } from '@capstan/shared/contract/ids';
import type { Manifest, ManifestFile } from '@capstan/shared/results/manifest';
import { CapstanError, messageOf, systemCode } from '@capstan/shared/contract/errors';
import { MAX_MANIFEST_BYTES, parseManifest } from '@capstan/shared/results/manifest-text';
import { openBeneath, requireRealFolders } from '@capstan/shared/results/open-beneath';
import type { Draft, Run } from './results.ts';
import { writeAll } from './write-all.ts';
import { namesIn } from '@capstan/shared/runtime/names-in-folder';

const MANIFEST = 'manifest.json';
const PRIVATE = 'private';

export interface RunDraft extends Pick<Draft, 'addPrivate'> {
  /** A folder for files; made by who needs it. */
  readonly filesDir: string;
  commit(manifest: Manifest): Promise<void>;
}

export interface Runs {
  read(run: Run): Promise<Manifest | undefined>;
  begin(run: Run): Promise<RunDraft>;
  /** A file of a run, for who keeps them here. */
  openFile(run: Run, index: number): Promise<FileHandle | undefined>;
  remove(jobId: JobId): Promise<void>;
  list(): AsyncIterable<Run>;
  /** Removes what lies beside the manifest, and keeps of that how the run ended. */
  drop(manifest: Manifest, droppedAt: number): Promise<void>;
  forget(run: Run): Promise<void>;
}

export function createRuns(dir: string): Runs {
  const jobDir = (jobId: JobId) => join(dir, jobId);
  const runDir = ({ jobId, run }: Run) => join(jobDir(jobId), String(run));

  const commit = async (draftDir: string, manifest: Manifest) => {
    await writeDurably(join(draftDir, MANIFEST), JSON.stringify(manifest));
    await sync(draftDir);
    await rename(draftDir, runDir(manifest));
    await Promise.all([jobDir(manifest.jobId), dir].map(sync));
  };

  return {
    read: (run) =>
      translated(async () => {
        await using handle = await openBeneath(dir, run.jobId, String(run.run), MANIFEST);
        if (!handle) return undefined;
        const { size } = await handle.stat();
        if (size > MAX_MANIFEST_BYTES) throw new CapstanError('RESULTS_UNWRITABLE', 'A manifest is too large.');
        return parseManifest(await handle.readFile('utf8'), run);
      }),
    begin: (run) =>
      translated(async () => {
        await requireRealFolders(dir, run.jobId);
        await removeDrafts(jobDir(run.jobId), run.run);
        const draftDir = join(jobDir(run.jobId), `${draftPrefix(run.run)}${randomBytes(6).toString('hex')}`);
        await mkdir(draftDir, { mode: RESULTS_MODE });
        return {
          filesDir: join(draftDir, 'files'),
          addPrivate: (name, body) =>
            translated(async () => {
              await mkdir(join(draftDir, PRIVATE), { recursive: true, mode: RESULTS_MODE });
              await storeFile(join(draftDir, PRIVATE, name), body);
            }),
          commit: (manifest) => translated(() => commit(draftDir, manifest)),
        };
      }),
    openFile: ({ jobId, run }, index) => openBeneath(dir, jobId, String(run), 'files', String(index)),
    remove: (jobId) => translated(() => rm(jobDir(jobId), { recursive: true, force: true })),
    // One job after the other: there may be very many.
    async *list() {
      for (const name of await translated(() => namesIn(dir))) {
        const jobId = parseJobId(name);
        const names = jobId ? await translated(() => namesIn(jobDir(jobId))) : [];
        for (const run of names) if (jobId && /^[1-9]\d*$/.test(run)) yield { jobId, run: Number(run) };
      }
    },
    drop: (manifest, droppedAt) =>
      translated(async () => {
        const at = runDir(manifest);
        await requireRealFolders(dir, manifest.jobId, String(manifest.run));
        for (const name of ['files', PRIVATE]) await rm(join(at, name), { recursive: true, force: true });
        const temporary = join(at, `.${randomBytes(6).toString('hex')}`);
        await writeDurably(temporary, JSON.stringify({ ...manifest, files: [], skipped: [], droppedAt }));
        await rename(temporary, join(at, MANIFEST));
      }),
    forget: (run) =>
      translated(async () => {
        await requireRealFolders(dir, run.jobId);
        await rm(runDir(run), { recursive: true, force: true });
        if ((await namesIn(jobDir(run.jobId))).length === 0)
          await rm(jobDir(run.jobId), { recursive: true, force: true });
      }),
  };
}

/** Resolves once it is on the disk. */
export async function storeFile(
  path: string,
  body: AsyncIterable<Buffer>,
): Promise<Pick<ManifestFile, 'filesize' | 'sha256'>> {
  const measured = measure(body);
  await using handle = await open(path, 'wx', 0o640);
  await writeAll(handle, measured.body);
  await handle.datasync();
  return measured.facts();
}

/** Size and hash of what flows by; known when it has. */
export function measure(body: AsyncIterable<Buffer>, onPiece: (piece: Buffer) => void = () => undefined) {
  const hash = createHash('sha256');
  let filesize = 0;
  async function* flowing(): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      hash.update(chunk);
      onPiece(chunk);
      filesize += chunk.length;
      yield chunk;
    }
  }
  return { body: flowing(), facts: () => ({ filesize, sha256: hash.digest('hex') }) };
}

/** Makes the names in a folder durable. */
export async function sync(dir: string): Promise<void> {
  await using handle = await open(dir, 'r');
  await handle.sync();
}

/** Errors of the file system are about the results, like those of a store; errors of ours come from where the bytes do. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CapstanError) {
      throw error.code === 'RESULTS_UNAVAILABLE'
        ? new CapstanError('RESULTS_UNWRITABLE', error.message, { cause: error })
        : error;
    }
    throw systemCode(error) === undefined ? error : unwritable(error);
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using handle = await open(path, 'wx', 0o640);
  await handle.writeFile(text);
  await handle.datasync();
}

/** The gateway reads results, and deletes them, by its group; nobody else does. */
const RESULTS_MODE = 0o770;

const draftPrefix = (run: number) => `.${run}-`;

async function removeDrafts(dir: string, run: number): Promise<void> {
  await mkdir(dir, { recursive: true, mode: RESULTS_MODE });
  const drafts = (await readdir(dir)).filter((name) => name.startsWith(draftPrefix(run)));
  await Promise.all(drafts.map((name) => rm(join(dir, name), { recursive: true, force: true })));
}

const unwritable = (cause: unknown) =>
  new CapstanError(
    'RESULTS_UNWRITABLE',
    systemCode(cause) === 'ENOSPC'
      ? 'The disk that keeps the results is full.'
      : `The results could not be written (${systemCode(cause) ?? messageOf(cause)}).`,
    { cause },
  );
