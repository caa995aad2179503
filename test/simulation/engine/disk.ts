/**
 * The disk of results and of the runner's notes: it outlives processes. What was not published before a crash was never there. A machine
 * that loses its power loses what was written and not brought to the disk: how attempts ended, and that notes were cleared away.
 */
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
  /** What a loss of power undoes, the last one first. */
  readonly unsynced: Unsynced[];
  /** Notes of starts are brought to the disk before their writer goes on. */
  readonly syncsMarks: boolean;
  /** How often a write fails. */
  readonly failures: () => number;
}

interface Unsynced {
  /** Of what was written. */
  readonly name: string;
  readonly at: number;
  readonly undo: () => void;
}

/** The kernel writes what it was given by itself after this time. */
const WRITTEN_BACK_MS = 30_000;

export function losePower({ unsynced }: Disk, now: number): void {
  for (const { at, undo } of unsynced.splice(0).toReversed()) if (now - at < WRITTEN_BACK_MS) undo();
}

export const createDisk = (failures: () => number = () => 0): Disk => ({
  published: new Map(),
  marks: new Map(),
  ends: new Map(),
  unsynced: [],
  syncsMarks: true,
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
  const { marks, ends, unsynced, syncsMarks } = disk;

  /** Undefined removes it. What was done to a note before it was brought to the disk is there as well. */
  const pageOf = <T>(what: string, notes: Map<string, T>) => {
    const set = (key: string, value: T | undefined) =>
      void (value === undefined ? notes.delete(key) : notes.set(key, value));
    return (key: string, value: T | undefined, isSynced = false) => {
      const before = notes.get(key);
      set(key, value);
      const name = `${what} ${key}`;
      if (isSynced) unsynced.splice(0, unsynced.length, ...unsynced.filter((other) => other.name !== name));
      else unsynced.push({ name, at: process.clock.monotonicMs(), undo: () => set(key, before) });
    };
  };
  const putMark = pageOf('mark', marks);
  const putEnd = pageOf('end', ends);
  const noted = (run: Run, attempt: number) => {
    const found = ends.get(keyOf(run));
    return found?.attempt === attempt ? found : undefined;
  };

  return {
    read: (run) => onDisk(process, `reading the mark of ${keyOf(run)}`, () => marks.get(keyOf(run)) ?? 0),
    write: (run, attempt) =>
      onDisk(process, `marking the start of ${keyOf(run)} attempt ${attempt}`, () =>
        putMark(keyOf(run), attempt, syncsMarks),
      ),
    readEnd: (run, attempt) => onDisk(process, `reading how ${keyOf(run)} ended`, () => noted(run, attempt)?.end),
    writeEnd: (run, attempt, end) =>
      onDisk(process, `noting how ${keyOf(run)} ended`, () => putEnd(keyOf(run), { attempt, end })),
    readCause: (run, attempt) =>
      onDisk(process, `reading why ${keyOf(run)} is ended`, () => noted(run, attempt)?.cause),
    writeCause: (run, attempt, cause) =>
      onDisk(process, `noting why ${keyOf(run)} is ended`, () => putEnd(keyOf(run), { attempt, cause })),
    clear: (run) =>
      onDisk(process, `clearing the mark of ${keyOf(run)}`, () => {
        putMark(keyOf(run), undefined);
        putEnd(keyOf(run), undefined);
      }),
    readShared: () => onDisk(process, 'reading its promise', () => marks.has(SHARED)),
    writeShared: (isShared) =>
      onDisk(process, 'noting its promise', () => putMark(SHARED, isShared ? 1 : undefined, isShared && syncsMarks)),
  };
}
