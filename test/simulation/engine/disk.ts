/** The disk of results and of the runner's notes: it outlives processes. What was not published before a crash was never there. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { JobId } from '@capstan/shared/contract/ids';
import { resultsOf, type Manifest, type ManifestFile } from '@capstan/shared/results/manifest';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Results as ReadResults } from '../../../services/gateway/src/results/open.ts';
import type { Cause, Outcome } from '../../../services/runner/src/pipeline/ending.ts';
import type { StartMarks } from '../../../services/runner/src/pipeline/start-marks.ts';
import { inResultOrder } from '../../../services/runner/src/results/order.ts';
import type { Results, Run } from '../../../services/runner/src/results/results.ts';
import type { Process } from '../world/process.ts';
import type { World } from '../world/world.ts';

export interface PublishedRun {
  readonly manifest: Manifest;
  readonly contents: readonly Buffer[];
}

export interface Disk {
  readonly published: Map<string, PublishedRun>;
  readonly marks: Map<string, number>;
  /** How attempts ended that are being published. */
  readonly ends: Map<string, { readonly attempt: number; readonly end?: Outcome; readonly cause?: Cause }>;
  /** How often a write fails. */
  readonly failures: () => number;
}

export const createDisk = (failures: () => number = () => 0): Disk => ({
  published: new Map(),
  marks: new Map(),
  ends: new Map(),
  failures,
});

/** Files are written by the process's own kernel. */
const onDisk = <T>(process: Process, what: string, effect: () => T): Promise<T> =>
  process.call(what, effect, { isLocal: true });

const keyOf = ({ jobId, run }: Run) => `${jobId}.${run}`;
const full = () => new CapstanError('RESULTS_UNWRITABLE', 'The disk that keeps the results is full.');

type File = Omit<ManifestFile, 'index'> & { readonly content: Buffer };

export function resultsOn(disk: Disk, process: Process, world: World): Results {
  const random = world.random.fork();
  const write = <T>(what: string, effect: () => T) =>
    onDisk(process, what, () => {
      if (random.chance(disk.failures())) throw full();
      return effect();
    });
  return {
    read: (run) =>
      onDisk(process, `reading the manifest of ${keyOf(run)}`, () => disk.published.get(keyOf(run))?.manifest),
    begin: (run) =>
      write(`a draft of ${keyOf(run)}`, () => {
        const files: File[] = [];
        return {
          async add({ filename, type }, body) {
            const chunks: Buffer[] = [];
            for await (const chunk of body) chunks.push(chunk);
            const content = Buffer.concat(chunks);
            const sha256 = createHash('sha256').update(content).digest('hex');
            await write(`writing ${filename}`, () => {
              files.push({ filename, type, filesize: content.length, sha256, content });
            });
          },
          publish: (outcome) =>
            write(`publishing ${keyOf(run)}`, () => {
              // A folder that is there can't be renamed over.
              if (disk.published.has(keyOf(run))) throw full();
              const ordered = inResultOrder(files);
              const manifest: Manifest = {
                ...outcome,
                files: ordered.map(({ content: _content, ...file }, index) => ({ index, ...file })),
              };
              disk.published.set(keyOf(run), { manifest, contents: ordered.map(({ content }) => content) });
              return manifest;
            }),
          addPrivate: () => Promise.resolve(),
        };
      }),
    remove: (jobId) => write(`removing the results of ${jobId}`, () => removeAll(disk, jobId)),
    open: () => Promise.reject(new Error('no results are inputs here')),
    async *list() {
      yield* await onDisk(process, 'listing results', () =>
        [...disk.published.values()].map(({ manifest: { jobId, run } }) => ({ jobId, run })),
      );
    },
    drop: () => Promise.reject(new Error('no results expire here')),
    forget: () => Promise.reject(new Error('no results expire here')),
    forgetJob: (jobId) => write(`forgetting ${jobId}`, () => removeAll(disk, jobId)),
    retries: 3,
    maxRetryDelayMs: 2_000,
  };
}

/** The same disk, as the gateway reads it. */
export function gatewayResultsOn(disk: Disk, process: Process): ReadResults {
  return {
    remove: (jobId) => onDisk(process, `removing the results of ${jobId}`, () => removeAll(disk, jobId)),
    list: (run) =>
      onDisk(process, `listing the results of ${keyOf(run)}`, () => {
        const found = disk.published.get(keyOf(run));
        return found && resultsOf(found.manifest);
      }),
    open: (run, index) =>
      onDisk(process, `opening result ${index} of ${keyOf(run)}`, () => {
        const found = disk.published.get(keyOf(run));
        const file = found?.manifest.files.find((each) => each.index === index);
        const content = found?.contents[index];
        if (!file || !content) return undefined;
        return {
          expiresAt: found.manifest.expiresAt,
          file,
          read: () => Readable.from([content]),
          close: () => Promise.resolve(),
        };
      }),
  };
}

function removeAll(disk: Disk, jobId: JobId): void {
  for (const key of disk.published.keys()) if (key.startsWith(`${jobId}.`)) disk.published.delete(key);
}

const SHARED = 'shared';

export function marksOn(disk: Disk, process: Process): StartMarks {
  return {
    read: (run) => onDisk(process, `reading the mark of ${keyOf(run)}`, () => disk.marks.get(keyOf(run)) ?? 0),
    write: (run, attempt) =>
      onDisk(
        process,
        `marking the start of ${keyOf(run)} attempt ${attempt}`,
        () => void disk.marks.set(keyOf(run), attempt),
      ),
    readEnd: (run, attempt) =>
      onDisk(process, `reading how ${keyOf(run)} ended`, () => {
        const noted = disk.ends.get(keyOf(run));
        return noted?.attempt === attempt ? noted.end : undefined;
      }),
    writeEnd: (run, attempt, end) =>
      onDisk(process, `noting how ${keyOf(run)} ended`, () => void disk.ends.set(keyOf(run), { attempt, end })),
    readCause: (run, attempt) =>
      onDisk(process, `reading why ${keyOf(run)} is ended`, () => {
        const noted = disk.ends.get(keyOf(run));
        return noted?.attempt === attempt ? noted.cause : undefined;
      }),
    writeCause: (run, attempt, cause) =>
      onDisk(process, `noting why ${keyOf(run)} is ended`, () => void disk.ends.set(keyOf(run), { attempt, cause })),
    clear: (run) =>
      onDisk(process, `clearing the mark of ${keyOf(run)}`, () => {
        disk.marks.delete(keyOf(run));
        disk.ends.delete(keyOf(run));
      }),
    readShared: () => onDisk(process, 'reading its promise', () => disk.marks.has(SHARED)),
    writeShared: (isShared) =>
      onDisk(
        process,
        'noting its promise',
        () => void (isShared ? disk.marks.set(SHARED, 1) : disk.marks.delete(SHARED)),
      ),
  };
}
