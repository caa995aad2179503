/** The way of a job as the bar that shows it: which phases lie behind it, which one it is in, and where it ended, PURE. */
import { isEnding, isStatusCode } from '@capstan/shared/contract/status';

export const PHASES = ['pull', 'provision', 'run', 'filter', 'publish'] as const;
export type PhaseName = (typeof PHASES)[number];

export const PHASE_LABEL: Readonly<Record<PhaseName, string>> = {
  pull: 'Pull image',
  provision: 'Provide data',
  run: 'Run',
  filter: 'Filter',
  publish: 'Publish',
};

export interface Phase {
  readonly name: PhaseName;
  readonly state: 'ahead' | 'active' | 'done' | 'failed' | 'stopped';
  /** Of an active phase: how much of it is done, 0 to 1; absent if nobody knows. */
  readonly share?: number;
}

/** The phase that a status means is going on. */
const ACTIVE: Readonly<Record<number, PhaseName>> = {
  10: 'pull',
  20: 'provision',
  30: 'run',
  40: 'run',
  50: 'filter',
  60: 'publish',
};

/** The phase that an ending blames. */
const FAILED: Readonly<Record<number, PhaseName>> = {
  11: 'pull',
  21: 'provision',
  22: 'provision',
  31: 'provision',
  32: 'provision',
  41: 'run',
  42: 'run',
  43: 'run',
  51: 'filter',
  61: 'publish',
  62: 'publish',
};

export interface Way {
  readonly status: number;
  /** The statuses before, as far as they are known. */
  readonly before?: readonly number[];
  readonly hasResults: boolean;
  readonly progress?: { readonly phase: string; readonly doneBytes: number; readonly totalBytes: number | null };
}

export function phasesOf({ status, before = [], hasResults, progress }: Way): readonly Phase[] {
  const isFiltered = [status, ...before].some((code) => code === 50 || code === 51);
  const names = PHASES.filter((name) => name !== 'filter' || isFiltered);
  const at = placeOf({ status, before, hasResults }, names);
  return names.map((name, place): Phase => {
    if (status === 70 || place < at) return { name, state: 'done' };
    if (place > at) return { name, state: hasResults && name === 'publish' && status !== 7 ? 'done' : 'ahead' };
    if (FAILED[status] === name) return { name, state: 'failed' };
    if (status === 7 || status === 8) return { name, state: 'stopped' };
    const total = progress?.totalBytes ?? 0;
    const isTold = progress?.phase === name && total > 0;
    return { name, state: 'active', ...(isTold ? { share: Math.min(1, (progress?.doneBytes ?? 0) / total) } : {}) };
  });
}

/** What the job is doing or did last, as the place of a phase; -1 before the first. */
function placeOf({ status, before = [], hasResults }: Way, names: readonly PhaseName[]): number {
  const name =
    FAILED[status] ?? ACTIVE[status] ?? before.map((code) => ACTIVE[code]).findLast((each) => each !== undefined);
  if (name) return names.indexOf(name);
  // Stopped, and nobody saw how far it had come.
  return hasResults ? names.indexOf('run') : -1;
}

/** How a job stands, for colour and word at once. */
export type Standing = 'waiting' | 'active' | 'completed' | 'stopped' | 'failed';

export function standingOf(status: number): Standing {
  if (status === 1) return 'waiting';
  if (status === 70) return 'completed';
  if (status === 7 || status === 8) return 'stopped';
  return isStatusCode(status) && isEnding(status) ? 'failed' : 'active';
}

export function hasEnded(status: number): boolean {
  return isStatusCode(status) && isEnding(status);
}
