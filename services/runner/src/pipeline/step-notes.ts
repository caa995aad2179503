/**
 * A second wall against what kills the runner: a job that does so would do it again after each restart, since its command comes back.
 * Before a step begins, a note on the disk says which job is at it; a start of the runner that finds such notes counts them. Deliveries
 * would be no count: a healthy takeover makes many, a broker that was wiped begins anew. A crash counts for all jobs that were in hand, so
 * one that was there three times goes on alone, where it can harm nobody else, and only what kills the runner then is held against it.
 * While an algorithm runs the runner follows its log: after some deaths then, it waits and reads the log in the end.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobId } from '@capstan/shared/contract/ids';
import { parseJobId } from '@capstan/shared/contract/ids';
import { messageOf, systemCode } from '@capstan/shared/contract/errors';
import { parseJson } from '@capstan/shared/runtime/json';
import type { Log } from '@capstan/shared/runtime/log';
import { namesIn } from '@capstan/shared/runtime/names-in-folder';
import type { Run } from '../results/results.ts';
import { sync } from '../results/runs.ts';

/**
 * `read`: its command is read. `plan`: it is found out how it stands. `before`: from there to its algorithm's start. `wait`: its algorithm runs, and its log is followed. `after`: it has ended, and its
 * outputs are taken.
 */
export type Stage = 'read' | 'plan' | 'before' | 'wait' | 'after';

/** `alone`: while nothing else is at work. `given-up`: never again. */
export type Judgement = 'with-others' | 'alone' | 'given-up';

export interface StepNotes {
  /** Once at the start: counts what an earlier life died over. */
  takeStock(): Promise<void>;
  judge(run: Run, stage: Exclude<Stage, 'wait'>): Judgement;
  /** Whether its log is followed: the deaths while its algorithm ran may have come of that. Nothing else is held against it then. */
  isFollowed(run: Run): boolean;
  /** Resolves once the disk has it, or can't take it. What only the process must not forget may go without waiting for the disk. */
  enter(run: Run, stage: Stage, isFleeting?: 'fleeting'): Promise<void>;
  /** The runner lives, whatever came of the steps. */
  leave(run: Run): Promise<void>;
  /** Its algorithm was started: what went before counts no more. */
  started(run: Run): Promise<void>;
  /** The run has ended: what it cost counts no more. */
  pass(run: Run): Promise<void>;
  /** It is given up: a copy of its note is kept apart, for a person to look at. The note itself goes with the run. */
  bury(run: Run): Promise<void>;
}

interface Deaths {
  readonly withOthers: number;
  readonly alone: number;
}

interface Note {
  /** A step has begun, and nobody said that it is over. */
  readonly open: Stage | undefined;
  readonly isFleeting?: boolean;
  readonly deaths: Readonly<Partial<Record<Stage, Deaths>>>;
}

export const DEATHS_WITH_OTHERS = 3;
export const DEATHS_ALONE = 10;
/** While an algorithm runs, the runner may die of much else: a machine that is short of memory, an operator in a hurry. */
const DEATHS_FOLLOWING = 5;

const keyOf = ({ jobId, run }: Run) => `${jobId}-${run}`;

export function createStepNotes(dir: string, log: Log): StepNotes {
  const notes = new Map<string, Note>();
  const graveyard = join(dir, 'given-up');

  const put = async (folder: string, key: string, { isFleeting, ...note }: Note) => {
    const replace = () => replaceFile(join(folder, key), JSON.stringify(note), isFleeting !== true);
    try {
      // The folder is there but for the first time, and for whoever has cleared away too much.
      await replace().catch(async (error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
        await mkdir(graveyard, { recursive: true, mode: 0o700 });
        await replace();
      });
      if (!isFleeting) await sync(folder);
    } catch (error) {
      // On a full disk the runner must start all the same, and a job must not lose its outputs for want of a note.
      log.warn({ note: key, problem: messageOf(error) }, 'what this runner is at could not be noted');
    }
  };
  const write = (key: string, note: Note) => {
    notes.set(key, note);
    return put(dir, key, note);
  };
  const remove = async (key: string) => {
    notes.delete(key);
    await rm(join(dir, key), { force: true });
  };
  const deathsOf = (run: Run, stage: Stage) => notes.get(keyOf(run))?.deaths[stage] ?? NONE;

  return {
    async takeStock() {
      for (const name of await namesIn(dir)) {
        // One that was being written when the runner died: what stood there before counts.
        if (name.endsWith(NEW_SUFFIX)) await rm(join(dir, name), { force: true });
        if (parseRun(name) === undefined) continue;
        const note = readNote(await readFile(join(dir, name), 'utf8'));
        await write(name, note.open === undefined ? note : counted(note, note.open));
      }
    },
    judge(run, stage) {
      const { withOthers, alone } = deathsOf(run, stage);
      if (alone >= DEATHS_ALONE) return 'given-up';
      return withOthers >= DEATHS_WITH_OTHERS ? 'alone' : 'with-others';
    },
    isFollowed(run) {
      const { withOthers, alone } = deathsOf(run, 'wait');
      return withOthers + alone < DEATHS_FOLLOWING;
    },
    async enter(run, stage, fleeting) {
      const before = notes.get(keyOf(run)) ?? NEW;
      if (before.open === stage && (fleeting !== undefined || !before.isFleeting)) return;
      const { deaths } = before;
      await write(keyOf(run), { open: stage, deaths, ...(fleeting === undefined ? {} : { isFleeting: true }) });
    },
    async leave(run) {
      const note = notes.get(keyOf(run));
      if (!note) return;
      if (Object.keys(note.deaths).length === 0) await remove(keyOf(run));
      else await write(keyOf(run), { open: undefined, deaths: note.deaths });
    },
    async started(run) {
      const { read: _read, plan: _plan, before: _before, ...deaths } = notes.get(keyOf(run))?.deaths ?? {};
      await write(keyOf(run), { open: 'wait', deaths });
    },
    pass: (run) => remove(keyOf(run)),
    bury: (run) => put(graveyard, keyOf(run), notes.get(keyOf(run)) ?? NEW),
  };
}

const NONE: Deaths = { withOthers: 0, alone: 0 };
const NEW: Note = { open: undefined, deaths: {} };
const NEW_SUFFIX = '.new';

function counted({ deaths }: Note, stage: Stage): Note {
  const { withOthers, alone } = deaths[stage] ?? NONE;
  const now =
    withOthers < DEATHS_WITH_OTHERS ? { withOthers: withOthers + 1, alone } : { withOthers, alone: alone + 1 };
  return { open: undefined, deaths: { ...deaths, [stage]: now } };
}

const STAGES: readonly Stage[] = ['read', 'plan', 'before', 'wait', 'after'];
const isStage = (value: unknown): value is Stage => STAGES.some((stage) => stage === value);
const countOf = (value: unknown) => (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0);

/** One that says nothing counts as open, like any other that the runner died over. */
function readNote(text: string): Note {
  const value = parseJson(text);
  const note = (typeof value === 'object' && value !== null ? value : { open: 'before' }) as Record<string, unknown>;
  // As earlier versions wrote it: one stage at a time.
  if (typeof note['deaths'] === 'number' || 'isOpen' in note) {
    const stage = note['stage'] === 'after' ? 'after' : 'before';
    const deaths = { [stage]: { withOthers: countOf(note['deaths']), alone: countOf(note['deathsAlone']) } };
    return { open: note['isOpen'] === false ? undefined : stage, deaths };
  }
  const told = (note['deaths'] ?? {}) as Partial<Record<Stage, Partial<Record<keyof Deaths, unknown>>>>;
  const known = STAGES.filter((stage) => told[stage] !== undefined);
  const deaths = Object.fromEntries(
    known.map((stage) => [stage, { withOthers: countOf(told[stage]?.withOthers), alone: countOf(told[stage]?.alone) }]),
  );
  return { open: isStage(note['open']) ? note['open'] : undefined, deaths };
}

function parseRun(name: string): JobId | undefined {
  const [jobId = '', run = ''] = name.split('-');
  return /^[1-9]\d*$/.test(run) ? parseJobId(jobId) : undefined;
}

/** Whole or not at all: a note that a crash had cut off would say nothing of what it counted. */
async function replaceFile(path: string, text: string, isSynced: boolean): Promise<void> {
  const beside = path + NEW_SUFFIX;
  {
    await using handle = await open(beside, 'w', 0o600);
    await handle.writeFile(text);
    if (isSynced) await handle.sync();
  }
  await rename(beside, path);
}
