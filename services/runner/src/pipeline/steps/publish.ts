/** Takes outputs and log out of the engine and publishes them with their manifest. Repeating it starts afresh in a clean folder. */
import type { Clock } from '@capstan/shared/runtime/clock';
import { LOG_STREAMS_FILE, type Manifest } from '@capstan/shared/results/manifest';
import { STATUS } from '@capstan/shared/contract/status';
import { CapstanError, hasCode, messageOf } from '@capstan/shared/contract/errors';
import { TELL_MS, whileAnswering } from '../../docker/answering.ts';
import { unlessStalled } from '../../docker/stalled.ts';
import { retryWhileUnavailable, retryWhileRefused, retryOnCode } from '../../docker/retry-while-unavailable.ts';
import { namesOf } from '../../docker/names.ts';
import type { LogFrame } from '../../docker/ports/containers.ts';
import type { Capture } from '../../logs/capture.ts';
import { encodeSegments, type Segments } from '../../logs/segments.ts';
import { capped } from '../../results/cap.ts';
import { collect, type Collected } from '../../results/collect.ts';
import { ALGORITHM_LOG, PUBLISH_LOG } from '../../results/order.ts';
import type { Draft, Results } from '../../results/results.ts';
import { sealedDraft } from '../../results/sealed.ts';
import { logLimitsOf, type Attempt } from '../attempt.ts';
import { endingOf, endingWithheld, type Ending, type Missing } from '../ending.ts';
import { DATA, LOGS_FOLDER, OUTPUTS_FOLDER, RESULTS_ROOT } from '../../docker/layout.ts';
import type { AttemptContext } from '../attempt-context.ts';
import type { Step } from '../step.ts';
import type { Captured } from './capture.ts';
import type { Exited } from './exit.ts';
import type { Judged } from './filter.ts';
import { remakeFiles } from './remake.ts';

export interface Publishing {
  readonly results: Results;
  readonly clock: Pick<Clock, 'now'>;
}

async function openDraft(identity: Attempt['identity'], results: Results, signal: AbortSignal): Promise<Draft> {
  const draft = await results.begin(identity, signal);
  return identity.encryptTo === undefined ? draft : sealedDraft(draft, identity.encryptTo);
}

const NOTHING: Collected = { skipped: [], exceeded: undefined };

interface Left extends Pick<Captured, 'capture' | 'origin'>, Exited, Judged {
  readonly signal: AbortSignal;
}

interface Filling extends Pick<Left, 'outcome' | 'capture' | 'origin' | 'signal'> {
  readonly isWithheld: boolean;
  /** What can't be read now is published without. */
  readonly isLast: boolean;
}

/** Throws RESULTS_UNWRITABLE. */
export const publish: Step<AttemptContext & Captured & Exited & Judged, { readonly manifest: Manifest }> = {
  name: 'publish',
  until: 'dropped',
  // Where there is no filter, it was told with the end of the algorithm.
  tells: ({ attempt }) => (attempt.identity.isFiltered ? STATUS.publishing.code : undefined),
  run: async ({ attempt, parts, outcome, verdict, capture, origin }, signal) => ({
    manifest: await publishLeft(attempt, parts, { outcome, verdict, capture, origin, signal }),
  }),
};

/** Publishes what the algorithm left, as far as it can be had. */
function publishLeft(
  attempt: Attempt,
  { results, clock }: Publishing,
  { outcome, verdict, capture, origin, signal }: Left,
): Promise<Manifest> {
  const { identity, limits, log } = attempt;
  const isWithheld = verdict !== 'passed';
  const once = async (isLast: boolean) => {
    const draft = await openDraft(identity, results, signal);
    if (identity.isFiltered) await collectFilterLog(attempt, draft, signal);
    const collected = await fillDraft(attempt, draft, { isWithheld, isLast, outcome, capture, origin, signal });
    const { skipped, missing } = collected;
    if (skipped.length + missing.length > 0) await draft.add(LEFT_OUT, leftOut(collected));
    const ending = isWithheld ? endingWithheld(outcome, limits) : endingOf(outcome, collected, limits);
    // The job ends when its results are there: not when the first of them is looked at.
    return draft.publish({ ...facts(attempt, ending, clock.now()), skipped });
  };
  const patiently = async () => {
    try {
      return await retryWhileRefused('OUTPUTS_UNREADABLE', () => once(false), { signal, log });
    } catch (error) {
      if (!hasCode(error, 'OUTPUTS_UNREADABLE')) throw error;
      log.error({ problem: error.message, cause: messageOf(error.cause) }, 'results of a job are published in part');
      return retryWhileUnavailable(() => once(true), { signal, log });
    }
  };
  return retryOnCode(patiently, 'RESULTS_UNWRITABLE', { signal, ...patienceOf(attempt, results) });
}

/** Publishes an ending that has neither outputs nor a log. Throws RESULTS_UNWRITABLE. */
export function publishNothing(
  attempt: Attempt,
  { results, clock }: Publishing,
  { ending, signal }: { ending: Ending; signal: AbortSignal },
): Promise<Manifest> {
  const once = async () => {
    const draft = await results.begin(attempt.identity, signal);
    return draft.publish({ ...facts(attempt, ending, clock.now()), skipped: [] });
  };
  return retryOnCode(once, 'RESULTS_UNWRITABLE', { signal, ...patienceOf(attempt, results) });
}

/** A disk that is full, or a store that is away, gets more chances; the outputs stay in the engine so long. */
function patienceOf({ log }: Attempt, { retries, maxRetryDelayMs }: Results) {
  const onRetry = (error: Error) => log.warn({ problem: error.message }, 'publishing failed, trying again');
  return { retries, maxDelayMs: maxRetryDelayMs, onRetry };
}

function facts({ identity, limits }: Attempt, { code, termination }: Ending, endedAt: number) {
  const { jobId, run, attempt } = identity;
  const expiresAt = endedAt + limits.storageExpiryS * 1_000;
  return { v: 1 as const, jobId, run, attempt, code, endedAt, expiresAt, termination };
}

interface Filled extends Collected {
  /** What could not be had. */
  readonly missing: readonly Missing[];
}

/** Both at once; the first failure counts, and neither goes on behind its back. At the last try, what can't be had is left out. */
async function fillDraft(
  attempt: Attempt,
  draft: Draft,
  { isWithheld, isLast, outcome, capture, origin, signal }: Filling,
): Promise<Filled> {
  const [collected, logged] = await Promise.allSettled([
    isWithheld ? NOTHING : collectOutputs(attempt, draft, { origin, signal }),
    collectLog(capture, draft, { isLast, outcome, signal }),
  ]);
  if (logged.status === 'rejected') throw logged.reason;
  const missing: Missing[] = logged.value ? [] : ['log'];
  if (collected.status === 'fulfilled') return { ...collected.value, missing };
  if (!isLast || !hasCode(collected.reason, 'OUTPUTS_UNREADABLE')) throw collected.reason;
  return { ...NOTHING, missing: [...missing, 'outputs'] };
}

async function collectOutputs(
  attempt: Attempt,
  draft: Draft,
  { origin, signal }: Pick<Left, 'origin' | 'signal'>,
): Promise<Collected> {
  const { engine, identity, settings, limits, openMeter } = attempt;
  const names = namesOf(identity);
  // An image says where volumes are mounted, and an algorithm makes links: only where the filter worked, nothing is but what it saw.
  const seen = identity.isFiltered
    ? { container: names.filter, root: DATA, parts: [OUTPUTS_FOLDER, LOGS_FOLDER] }
    : { container: names.files, root: RESULTS_ROOT };
  const bounds = { engine, ms: TELL_MS, overdue: silent, signal };
  const archiveOf = (path: string) => unlessStalled(bounds, (until) => engine.getArchive(seen.container, path, until));
  const meter = openMeter('publish');
  try {
    const archives = seen.parts?.map((path) => () => archiveOf(path)) ?? (await archiveOf(seen.root));
    return await collect(archives, draft, {
      limits: { maxFiles: settings.maxOutputFiles, maxBytes: limits.diskBytes },
      onBytes: (bytes) => meter.add(bytes),
      reopen: (path) => archiveOf(`${seen.root}/${path}`),
    });
  } catch (error) {
    if (!hasCode(error, 'CONTAINER_LOST')) throw error;
    // Only what the filter has looked at may leave: its own container can't be made again.
    if (!identity.isFiltered) await remakeFiles(attempt, await origin, signal);
    throw new CapstanError('OUTPUTS_UNREADABLE', 'The outputs were removed from the engine before they were read.', {
      cause: error,
    });
  } finally {
    meter.end();
  }
}

const silent = () =>
  new CapstanError('OUTPUTS_UNREADABLE', 'The container engine answers all else, and does not give the outputs.');

const LEFT_OUT = { filename: PUBLISH_LOG, type: 'publishLog' } as const;

/** For the consumer, who would look for them. */
async function* leftOut({ skipped, missing }: Pick<Filled, 'skipped' | 'missing'>): AsyncGenerator<Buffer> {
  yield Buffer.from('Left out of the results:\n');
  for (const part of missing) yield Buffer.from(`${NAMED[part]}: the container engine could not read it\n`);
  for (const { name, reason } of skipped) yield Buffer.from(`${name}: ${reason}\n`);
}

const NAMED: Readonly<Record<Missing, string>> = { log: 'the end of the log', outputs: 'outputs' };

/** Whether all of it could be had. What was captured while the algorithm ran is there in any case, and ends with a mark then. */
async function collectLog(
  capture: Capture,
  draft: Draft,
  { isLast, outcome, signal }: Pick<Filling, 'isLast' | 'outcome' | 'signal'>,
): Promise<boolean> {
  const isWhole = await capture.complete(signal).then(
    (read) => read === 'whole',
    async (error: unknown) => {
      if (!isLast || !hasCode(error, 'OUTPUTS_UNREADABLE')) throw error;
      await capture.breakOff();
      return false;
    },
  );
  // What a program writes while the engine is away is lost if the program ends before the engine is back.
  if (outcome.exit === 'unknown') await capture.leaveOpen();
  await draft.add({ filename: ALGORITHM_LOG, type: 'algorithmLog' }, capture.text());
  await draft.addPrivate(LOG_STREAMS_FILE, encoded(capture.segments()));
  return isWhole;
}

async function* encoded(parts: AsyncIterable<Segments>): AsyncGenerator<Buffer> {
  for await (const segments of parts) yield encodeSegments(segments);
}

/** What the filter says may quote what it withholds: for the operator alone. One that is lost has said nothing. */
async function collectFilterLog(
  { engine, identity, settings }: Attempt,
  draft: Draft,
  signal: AbortSignal,
): Promise<void> {
  const { filter } = namesOf(identity);
  let pieces = 0;
  let isUpToEngine = true;
  // Where results are kept may be slow, which says nothing of the engine.
  const progress = () => (isUpToEngine ? pieces : {});
  const bounds = { engine, ms: TELL_MS, overdue: silent, progress, signal };
  const onPiece = (isTaken: boolean) => {
    isUpToEngine = isTaken;
    pieces += 1;
  };
  try {
    await whileAnswering(bounds, async (limited) => {
      const log = await engine.readLog(filter, { follow: false }, limited);
      await draft.addPrivate('filter.log', capped(plain(log, onPiece), logLimitsOf(settings).maxBytes));
    });
  } catch (error) {
    if (!hasCode(error, 'CONTAINER_LOST', 'OUTPUTS_UNREADABLE')) throw error;
  }
}

/** Tells of each piece when the engine has given it, and when its reader has taken it; of the end as of a piece that is not taken yet. */
async function* plain(
  log: AsyncIterable<readonly LogFrame[]>,
  onPiece: (isTaken: boolean) => void,
): AsyncGenerator<Buffer> {
  for await (const frames of log) {
    onPiece(false);
    yield Buffer.concat(frames.map(({ bytes }) => bytes));
    onPiece(true);
  }
  onPiece(false);
}
