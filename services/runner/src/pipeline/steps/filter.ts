/**
 * Lets the environment's filter look at the outputs: a container of the operator's that may rewrite, delete and add. It was made before
 * the algorithm was started and is started once; whatever a restart finds of it counts. One that did not exit with 0 may have left
 * anything half done, so nothing of the outputs is published then.
 */
import { LEFT, limited as limitedTo } from '@capstan/shared/runtime/limited';
import type { Clock } from '@capstan/shared/runtime/clock';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { retryWhileAnswering } from '../../docker/answering.ts';
import { retryWhileUnavailable } from '../../docker/retry-while-unavailable.ts';
import { namesOf } from '../../docker/names.ts';
import type { Origin } from '../../docker/ports/containers.ts';
import type { Images } from '../../images/images.ts';
import type { Attempt } from '../attempt.ts';
import { tooMuchDisk } from '../disk-limit.ts';
import type { Step } from '../step.ts';
import { startAgain } from './again.ts';
import type { Captured } from './capture.ts';
import { readExit, type Exited } from './exit.ts';
import { filterImageOf } from './pull-filter.ts';
import { remakeFilter } from './remake.ts';
import { byAnybody, startedBefore, startOnce, type Running, type Started } from './start.ts';

/** `unknown`: the engine ended while the filter worked. What it left half done is nobody's to see. */
export type Verdict = 'passed' | 'withheld' | 'unknown';

/** Also those for want of room: what has been computed does not wait for a container that somebody has cleared away. */
const FAILURES = [
  'CONTAINER_LOST',
  'START_REFUSED',
  'START_UNKNOWN',
  'CONTAINER_REFUSED',
  'FILTER_UNAVAILABLE',
  'OUTPUTS_UNREADABLE',
  'ENGINE_FULL',
  'DISK_FILLED',
] as const;

/** What an engine may take for what a filter needs of it, as long as it answers all else. */
const TOLD_MS = 600_000;
const silent = () => new CapstanError('OUTPUTS_UNREADABLE', 'the container engine answers all else, and nothing of it');

/** For a container that is found again in an environment that has no filter any more. */
const DEFAULT_LIMIT_S = 600;

export interface Judged {
  readonly verdict: Verdict;
}

/** What may still run could change what the filter has seen: then the outputs are withheld. */
export const filter: Step<Running & Captured & Exited, Judged> = {
  name: 'filter',
  until: 'dropped',
  async run({ attempt, parts, algorithm, origin, outcome }, signal) {
    if (attempt.identity.isFiltered !== true) return { verdict: 'passed' };
    if (outcome.exit === 'untold') return { verdict: 'withheld' };
    const { clock, images, marks } = parts;
    const verdict = await verdictOf(attempt, { clock, origin, images, mayMake: algorithm.kind === 'running' }, signal);
    if (verdict === 'unknown') await startAgain(attempt, marks, signal);
    return { verdict };
  },
};

interface FilterParts {
  readonly clock: Clock;
  readonly images: Images;
  /** What the algorithm's container was made of, where the engine tells. */
  readonly origin: Promise<Origin | undefined>;
  /** It can't have been started before: where it is gone, it is made again. */
  readonly mayMake: boolean;
}

async function verdictOf(attempt: Attempt, parts: FilterParts, signal: AbortSignal): Promise<Verdict> {
  const problem = await problemOf(attempt, parts, signal);
  if (problem === undefined) return 'passed';
  if (problem === 'unknown') return 'unknown';
  attempt.log.warn({ problem }, 'the filter failed, outputs are withheld');
  return 'withheld';
}

async function problemOf(attempt: Attempt, parts: FilterParts, signal: AbortSignal): Promise<string | undefined> {
  const { clock } = parts;
  const { engine, identity, log } = attempt;
  const { filter: name } = namesOf(identity);
  const patience = { signal, log };
  const bounds = { engine, ms: TOLD_MS, overdue: silent, ...patience };
  try {
    const look = () => retryWhileAnswering(bounds, (limited) => engine.inspectContainer(name, limited));
    const state = await look().catch(async (error: unknown) => {
      if (!parts.mayMake || !hasCode(error, 'CONTAINER_LOST')) throw error;
      const origin = await parts.origin;
      // A pull has limits of its own: how long it takes says nothing of the engine.
      using filterImage = await retryWhileUnavailable(() => filterImageOf(attempt, parts.images, signal), patience);
      await retryWhileAnswering(bounds, (limited) => remakeFilter(attempt, { origin, filterImage }, limited));
      return await look();
    });
    if (state.kind === 'created') await startOnce(engine, name, { requireRight: byAnybody, ...patience });
    const started: Started =
      state.kind === 'created' ? { kind: 'running', sinceMs: clock.monotonicMs() } : startedBefore(state, clock);
    const excess = await endsWithin(attempt, { name, started, clock }, signal);
    if (excess !== undefined) return excess;
    const exit = await readExit(engine, { name, isWatched: state.kind === 'created', ...patience });
    if (exit === 'unknown') return exit;
    if (exit === 'untold') return 'the container engine does not say how it ended';
    return exit.exitCode === 0 ? undefined : `it exited with code ${exit.exitCode}`;
  } catch (error) {
    if (hasCode(error, ...FAILURES)) return error.message;
    throw error;
  }
}

interface Filtering {
  readonly name: string;
  readonly started: Started;
  readonly clock: Clock;
}

/** Which limit it went beyond; undefined if it ended by itself. Afterwards it does not run. */
async function endsWithin(
  attempt: Attempt,
  { name, started, clock }: Filtering,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { engine, filter: settings, log } = attempt;
  if (started.kind !== 'running') return undefined;
  const limitMs = (settings?.maxDurationS ?? DEFAULT_LIMIT_S) * 1_000;
  using limit = limitedTo(limitMs - (clock.monotonicMs() - started.sinceMs));
  const ended = new AbortController();
  const limited = AbortSignal.any([signal, limit.signal, ended.signal]);
  const exited = retryWhileUnavailable(() => engine.waitForExit(name, limited), { signal: limited, log });
  const filled = tooMuchDisk(attempt, limited, { by: 'filter' });
  let excess = 'it took too long';
  try {
    if ((await Promise.race([exited.then(() => 'exited' as const), filled])) === 'exited') return undefined;
    excess = 'it wrote more than the job may, or what it wrote could not be measured';
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.isOver()) throw error;
  } finally {
    ended.abort(LEFT);
    for (const each of [exited, filled]) each.catch(() => undefined);
  }
  await retryWhileAnswering({ engine, ms: TOLD_MS, overdue: silent, signal, log }, (bounded) =>
    engine.stopContainer(name, 0, bounded),
  );
  return excess;
}
