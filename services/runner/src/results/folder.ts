/**
 * Results in a folder: `results/<jobId>/<run>/` with `manifest.json` and `files/<index>`. All of a run appears at once, by a rename,
 * after everything in it is on the disk; until then it is a draft, which a later try throws away. What is for the operator alone lies
 * in `private/`, which no manifest lists.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobId } from '@capstan/shared/contract/ids';
import type { ResultFile } from '@capstan/shared/contract/job';
import { ManifestSchema, type Manifest, type ManifestFile } from '@capstan/shared/contract/manifest';
import { CapstanError, messageOf, systemCode } from '@capstan/shared/errors';
import { compile } from '@capstan/shared/validate';
import { inResultOrder } from './order.ts';
import type { Draft, Results, Run } from './results.ts';

const MANIFEST = 'manifest.json';
const PRIVATE = 'private';
const validate = compile(ManifestSchema);

export function createResultsFolder(dir: string): Results {
  const jobDir = (jobId: JobId) => join(dir, jobId);
  const runDir = ({ jobId, run }: Run) => join(jobDir(jobId), String(run));

  const read = async (run: Run): Promise<Manifest | undefined> => {
    let text: string;
    try {
      text = await readFile(join(runDir(run), MANIFEST), 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw unwritable(error);
    }
    const checked = validate(JSON.parse(text));
    if (!checked.ok) throw new CapstanError('RESULTS_UNWRITABLE', `The manifest of job ${run.jobId} is damaged.`);
    return checked.value;
  };

  return {
    read,
    begin: (run) =>
      translated(async () => {
        await removeDrafts(jobDir(run.jobId), run.run);
        const draftDir = join(jobDir(run.jobId), `${draftPrefix(run.run)}${randomBytes(6).toString('hex')}`);
        await mkdir(join(draftDir, 'files'), { recursive: true });
        return createDraft({ draftDir, runDir: runDir(run), parents: [jobDir(run.jobId), dir] });
      }),
    remove: (jobId) => translated(() => rm(jobDir(jobId), { recursive: true, force: true })),
  };
}

interface Places {
  readonly draftDir: string;
  readonly runDir: string;
  readonly parents: readonly string[];
}

type StoredFile = Omit<ManifestFile, 'index'> & { readonly place: string };

function createDraft({ draftDir, runDir, parents }: Places): Draft {
  const stored: StoredFile[] = [];
  let places = 0;
  const fileAt = (name: string) => join(draftDir, 'files', name);

  return {
    add: (file, body) =>
      translated(async () => {
        const place = `new-${places++}`;
        stored.push({ ...file, ...(await store(fileAt(place), body)), place });
      }),
    addPrivate: (name, body) =>
      translated(async () => {
        await mkdir(join(draftDir, PRIVATE), { recursive: true });
        await store(join(draftDir, PRIVATE, name), body);
      }),
    publish: (outcome) =>
      translated(async () => {
        const files = inResultOrder(stored);
        await Promise.all(files.map(({ place }, index) => rename(fileAt(place), fileAt(String(index)))));
        const manifest: Manifest = {
          ...outcome,
          files: files.map(({ place: _place, ...file }, index) => ({ index, ...file })),
        };
        await Promise.all([writeDurably(join(draftDir, MANIFEST), JSON.stringify(manifest)), sync(fileAt(''))]);
        await sync(draftDir);
        await rename(draftDir, runDir);
        await Promise.all(parents.map(sync));
        return manifest;
      }),
  };
}

/** Files as events and clients show them. */
export function resultsOf({ files }: Pick<Manifest, 'files'>): ResultFile[] {
  return files.map(({ filename, filesize, type, index }) => ({ filename, filesize, type, index }));
}

async function store(path: string, body: AsyncIterable<Buffer>): Promise<Pick<ManifestFile, 'filesize' | 'sha256'>> {
  const hash = createHash('sha256');
  let filesize = 0;
  await using handle = await open(path, 'wx', 0o640);
  for await (const chunk of body) {
    hash.update(chunk);
    filesize += chunk.length;
    await handle.writeFile(chunk);
  }
  await handle.datasync();
  return { filesize, sha256: hash.digest('hex') };
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using handle = await open(path, 'wx', 0o640);
  await handle.writeFile(text);
  await handle.datasync();
}

/** Makes the names in a folder durable. */
async function sync(dir: string): Promise<void> {
  await using handle = await open(dir, 'r');
  await handle.sync();
}

const draftPrefix = (run: number) => `.${run}-`;

async function removeDrafts(dir: string, run: number): Promise<void> {
  await mkdir(dir, { recursive: true });
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

/** Errors of the file system are about the results; errors of ours come from where the bytes do. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CapstanError || systemCode(error) === undefined ? error : unwritable(error);
  }
}
