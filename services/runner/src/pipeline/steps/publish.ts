/** Takes outputs and log out of the engine and publishes them with their manifest. Repeating it starts afresh in a clean folder. */
import { LOG_STREAMS_FILE, type Manifest } from '@capstan/shared/contract/manifest';
import { CapstanError, hasCode } from '@capstan/shared/errors';
import { insistAgainst, persist } from '../../docker/insist.ts';
import { namesOf } from '../../docker/names.ts';
import type { LogFrame } from '../../docker/engine.ts';
import type { Capture } from '../../logs/capture.ts';
import { encodeSegments, type Segments } from '../../logs/segments.ts';
import { capped } from '../../results/cap.ts';
import { collect, type Collected } from '../../results/collect.ts';
import { ALGORITHM_LOG } from '../../results/order.ts';
import type { Draft, Results } from '../../results/results.ts';
import { sealedDraft } from '../../results/sealed.ts';
import { logLimitsOf, type Attempt } from '../attempt.ts';
import { endingOf, endingWithheld, type Ending, type Outcome } from '../ending.ts';
import { RESULTS_ROOT } from '../layout.ts';
import type { Verdict } from './filter.ts';

export interface Publishing {
  readonly results: Results;
  /** Unix milliseconds. */
  readonly endedAt: number;
}

async function openDraft(identity: Attempt['identity'], results: Results, signal: AbortSignal): Promise<Draft> {
  const draft = await results.begin(identity, signal);
  return identity.encryptTo === undefined ? draft : sealedDraft(draft, identity.encryptTo);
}

const NOTHING: Collected = { skipped: [], exceeded: undefined };

export interface Left {
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  readonly capture: Capture;
  readonly signal: AbortSignal;
}

/** Publishes what the algorithm left. Throws OUTPUTS_UNREADABLE or RESULTS_UNWRITABLE. */
export function publish(
  attempt: Attempt,
  { results, endedAt }: Publishing,
  { outcome, verdict, capture, signal }: Left,
): Promise<Manifest> {
  const { identity, limits, log } = attempt;
  const isWithheld = verdict === 'withheld';
  const once = async () => {
    const draft = await openDraft(identity, results, signal);
    if (identity.isFiltered) await collectFilterLog(attempt, draft, signal);
    const collected = await fillDraft(attempt, draft, { isWithheld, capture, signal });
    const ending = isWithheld ? endingWithheld(outcome, limits) : endingOf(outcome, collected.exceeded, limits);
    return draft.publish({ ...facts(attempt, ending, endedAt), skipped: collected.skipped });
  };
  return persist(() => insistAgainst('OUTPUTS_UNREADABLE', once, { signal, log }), 'RESULTS_UNWRITABLE', {
    signal,
    ...patienceOf(attempt, results),
  });
}

/** Publishes an ending that has neither outputs nor a log. Throws RESULTS_UNWRITABLE. */
export function publishNothing(
  attempt: Attempt,
  { results, endedAt }: Publishing,
  { ending, signal }: { ending: Ending; signal: AbortSignal },
): Promise<Manifest> {
  const once = async () => {
    const draft = await results.begin(attempt.identity, signal);
    return draft.publish({ ...facts(attempt, ending, endedAt), skipped: [] });
  };
  return persist(once, 'RESULTS_UNWRITABLE', { signal, ...patienceOf(attempt, results) });
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

/** Both at once; the first failure counts, and neither goes on behind its back. */
async function fillDraft(
  attempt: Attempt,
  draft: Draft,
  { isWithheld, capture, signal }: Pick<Left, 'capture' | 'signal'> & { readonly isWithheld: boolean },
): Promise<Collected> {
  const [collected, logged] = await Promise.allSettled([
    isWithheld ? NOTHING : collectOutputs(attempt, draft, signal),
    collectLog(capture, draft, signal),
  ]);
  if (collected.status === 'rejected') throw collected.reason;
  if (logged.status === 'rejected') throw logged.reason;
  return collected.value;
}

async function collectOutputs(attempt: Attempt, draft: Draft, signal: AbortSignal): Promise<Collected> {
  const { engine, identity, settings, limits, openMeter } = attempt;
  const { files } = namesOf(identity);
  const meter = openMeter('publish');
  try {
    const archive = await engine.getArchive(files, RESULTS_ROOT, signal);
    return await collect(archive, draft, {
      limits: { maxFiles: settings.maxOutputFiles, maxBytes: limits.diskBytes },
      onBytes: (bytes) => meter.add(bytes),
    });
  } catch (error) {
    // Without it there is no way to the outputs, and a second run would find the same.
    if (!hasCode(error, 'CONTAINER_LOST')) throw error;
    throw new CapstanError('OUTPUTS_UNREADABLE', 'The outputs were removed from the engine before they were read.', {
      cause: error,
    });
  } finally {
    meter.end();
  }
}

async function collectLog(capture: Capture, draft: Draft, signal: AbortSignal): Promise<void> {
  await capture.complete(signal);
  await draft.add({ filename: ALGORITHM_LOG, type: 'algorithmLog' }, capture.text());
  await draft.addPrivate(LOG_STREAMS_FILE, encoded(capture.segments()));
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
  try {
    const log = await engine.readLog(filter, { follow: false }, signal);
    await draft.addPrivate('filter.log', capped(plain(log), logLimitsOf(settings).maxBytes));
  } catch (error) {
    if (!hasCode(error, 'CONTAINER_LOST')) throw error;
  }
}

async function* plain(log: AsyncIterable<readonly LogFrame[]>): AsyncGenerator<Buffer> {
  for await (const frames of log) yield Buffer.concat(frames.map(({ bytes }) => bytes));
}
