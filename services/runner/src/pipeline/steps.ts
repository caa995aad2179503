/**
 * The way of an attempt, step by step. Read this first.
 *
 *   claim      10  the attempt is this runner's, and nobody else's; asked while the image is pulled
 *   pull           the image is on the machine
 *   provision  20  volumes and containers exist and are filled; 30 tells that they are
 *   start          the algorithm is started, once; 40 tells that it is
 *   wait           it runs until it exits, is stopped, or its time is over; its log is followed meanwhile
 *   filter     50  where the environment has one: the operator's own container has passed the outputs, or they are withheld
 *   publish    60  outputs and log are results, with a manifest that says how the run ended
 *
 * What ends a run is told by `run.ts`, which also cleans. You never know when the runner dies: each step finds out what an earlier
 * life of it has done, or starts afresh.
 */
import type { JobSpec } from '@capstan/shared/contract/job';
import type { Manifest } from '@capstan/shared/results/manifest';
import type { ProgressCode } from '@capstan/shared/contract/status';
import { STATUS } from '@capstan/shared/contract/status';
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import type { Clock } from '@capstan/shared/runtime/clock';
import { retryWhileAnswering } from '../docker/answering.ts';
import type { Origin } from '../docker/engine.ts';
import { retryOnCode } from '../docker/retry-while-unavailable.ts';
import { namesOf } from '../docker/names.ts';
import { removeAttempt } from '../docker/reconcile.ts';
import type { EgressImage } from '../egress/image.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import type { OwnNode } from '../fetch/sealed-files.ts';
import type { Images } from '../images/images.ts';
import type { Captures } from '../logs/captures.ts';
import type { Results } from '../results/results.ts';
import type { Attempt } from './attempt.ts';
import type { Control } from './control.ts';
import type { EngineRoom } from './engine-room.ts';
import type { Ours, StartRights } from '../docker/ours.ts';
import type { Cause, Outcome } from './ending.ts';
import type { RunToDo } from './run-to-do.ts';
import type { StartMarks } from './start-marks.ts';
import type { StepNotes } from './step-notes.ts';
import { phaseLimitOf, withinPhase } from './phase-limit.ts';
import { filter } from './steps/filter.ts';
import { provision } from './steps/provision.ts';
import { tellStep } from './step-channel.ts';
import { publish } from './steps/publish.ts';
import { pull, pullFilter } from './steps/pull.ts';
import type { UserFiles } from './steps/user-files.ts';
import { startAgain } from './steps/again.ts';
import { readExit } from './steps/exit.ts';
import { awaitEnd, startAlgorithm, type End, type StartHistory, type Started, type Waiting } from './steps/run.ts';

const PULLS_AGAIN = 3;
/** What an engine may take for what others do not wait for, as long as it answers all else. */
const LONGEST_MS = 600_000;

export interface StepParts {
  readonly images: Images;
  readonly fetcher: Fetcher;
  readonly egress: EgressImage;
  readonly userFiles: UserFiles;
  readonly results: Results;
  readonly marks: StartMarks;
  readonly ownership: StartRights;
  readonly notes: StepNotes;
  readonly room: EngineRoom;
  readonly captures: Captures;
  readonly own: OwnNode;
  readonly clock: Clock;
}

export interface Journey {
  readonly attempt: Attempt;
  readonly control: Control;
  /** Resolves when it may be at work: one that goes alone is when nobody else is, and everybody else when that one is not. */
  readonly turn: RunToDo['turn'];
  /** Tells a status. */
  readonly report: (code: ProgressCode) => void;
  /** Aborts when the runner stops; containers go on. */
  readonly signal: AbortSignal;
}

/** From nothing to an algorithm that can be started, and is not. Gives up at once when the run shall not go on. */
export async function prepare(journey: Journey, spec: JobSpec, parts: StepParts): Promise<Ours> {
  const { attempt, control, report } = journey;
  const { images, fetcher, egress, userFiles, notes, own } = parts;
  const signal = AbortSignal.any([journey.signal, control.halted]);
  const limitS = phaseLimitOf(attempt.settings, spec.maxDurationS);

  report(STATUS.started.code);
  await journey.turn('before', signal);
  await notes.enter(attempt.identity, 'before');
  // Nobody asks on for a run that has failed meanwhile.
  using asking = untilLeft();
  const claiming = claim(journey, parts, AbortSignal.any([signal, asking.signal]));
  // It is waited for once the image is there.
  claiming.catch(() => undefined);
  const once = async () => {
    // Held until containers need them: from then on the engine itself won't let them go.
    using image = await timed(journey, 'pull', signal, () =>
      withinPhase({ limitS, code: 'IMAGE_UNAVAILABLE', what: 'The image' }, signal, (limited) =>
        pull(attempt, { images, container: spec.algorithm.container }, limited),
      ),
    );
    using filterImage = await timed(journey, 'pull-filter', signal, () =>
      withinPhase({ limitS, code: 'FILTER_UNAVAILABLE', what: 'The filter of this environment' }, signal, (limited) =>
        pullFilter(attempt, images, limited),
      ),
    );
    const ours = await timed(journey, 'claim', signal, () => claiming);
    report(STATUS.configuringVolumes.code);
    await timed(journey, 'provision', signal, () =>
      withinPhase({ limitS, code: 'DATA_UNAVAILABLE', what: 'What the job works on' }, signal, (limited) =>
        provision(attempt, { ours, spec, image, filterImage, own, fetcher, egress, userFiles }, limited),
      ),
    );
  };
  // People clear images away by cron, between a pull and its use too.
  const { engine, identity, log } = attempt;
  const undo = () =>
    retryWhileAnswering({ engine, ms: LONGEST_MS, overdue: stays, signal, log }, (limited) =>
      removeAttempt(engine, identity, limited),
    );
  await parts.room.waitFor(() => retryOnCode(once, 'IMAGE_GONE', { signal, retries: PULLS_AGAIN }), {
    jobId: identity.jobId,
    undo,
    log,
    signal,
  });
  const ours = await claiming;
  report(STATUS.provisioned.code);
  return ours;
}

/** From there to a running algorithm. */
export async function start(journey: Journey, ours: Ours, parts: StepParts): Promise<void> {
  const { attempt, control } = journey;
  const { marks } = parts;
  const signal = AbortSignal.any([journey.signal, control.halted]);
  const { log } = attempt;
  const { jobId } = attempt.identity;

  await marks.write(attempt.identity, attempt.identity.attempt);
  parts.ownership.mayStart(ours);
  signal.throwIfAborted();
  // Nothing of it is undone: a start that was refused for want of room may be repeated, and only the wait may be left.
  const nothing = () => Promise.resolve();
  const tried = { history: 'new' as StartHistory };
  await timed(journey, 'start', journey.signal, () =>
    parts.room.waitFor(
      () => {
        const { history } = tried;
        tried.history = 'perhaps started';
        return startAlgorithm(attempt, { ours, history, halted: control.halted }, journey.signal);
      },
      { jobId, undo: nothing, log, signal },
    ),
  );
}

/** From a start that an earlier life of the runner was about to make, or made without hearing of it. */
export async function resume(journey: Journey, parts: StepParts): Promise<void> {
  const { attempt, control } = journey;
  const signal = AbortSignal.any([journey.signal, control.dropped]);
  const ours = await timed(journey, 'claim', signal, () => claim(journey, parts, signal));
  parts.ownership.mayStart(ours);
  signal.throwIfAborted();
  const right = { ours, history: 'perhaps started', halted: control.halted } as const;
  await timed(journey, 'start', journey.signal, () => startAlgorithm(attempt, right, journey.signal));
}

const stays = () =>
  new CapstanError(
    'CONTAINER_REFUSED',
    'The container engine had no room for the job, and does not clear away what it had made for it.',
  );

/** A signal that aborts when it is left. */
function untilLeft(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort() };
}

/** Waits until it is this runner's. If it is another's, the run was told to end, and that is what it gives up for. */
async function claim({ attempt, control }: Journey, { ownership }: StepParts, signal: AbortSignal): Promise<Ours> {
  const answer = await ownership.claimStart(attempt.identity, signal);
  if (answer.kind === 'ours') return answer;
  control.set('ended');
  throw control.dropped.reason;
}

/** From a started algorithm to published results. A stop is part of it; only a run that nobody wants any more leaves early. */
export async function finish(journey: Journey, algorithm: Started, parts: StepParts): Promise<Manifest> {
  const { attempt, control, report } = journey;
  const { results, captures, images, marks, notes, clock } = parts;
  const signal = AbortSignal.any([journey.signal, control.dropped]);

  await notes.started(attempt.identity);
  report(STATUS.running.code);
  const cause = await marks.readCause(attempt.identity, attempt.identity.attempt);
  const isReadable = notes.isFollowed(attempt.identity);
  // Of what is ended for its flood of lines nobody follows the rest.
  const isFollowed = isReadable && cause?.because !== 'log';
  if (!isReadable) attempt.log.warn('the log of a job is not followed: this runner died too often meanwhile');
  if (isFollowed) tellStep(attempt.identity.jobId, 'follow');
  await using capture = await captures.open(attempt.identity, { isFollowed, log: attempt.log, signal });
  const isFiltered = attempt.identity.isFiltered === true;
  using asking = untilLeft();
  const origin = askForOrigin(attempt, AbortSignal.any([signal, asking.signal]));
  const outcome = await theEnd({ ...journey, signal }, { algorithm, flooded: capture.flooded, cause }, parts);
  if (outcome.exit === 'unknown' && mayBeginAgain(outcome)) await startAgain(attempt, marks, signal);
  // What may still run could change what the filter has seen.
  const mayFilter = isFiltered && outcome.exit !== 'untold';
  const verdict = mayFilter
    ? await timed(journey, 'filter', signal, () =>
        filter(attempt, { clock, origin, images, mayMake: algorithm.kind === 'running' }, signal),
      )
    : isFiltered
      ? 'withheld'
      : 'passed';
  if (verdict === 'unknown') await startAgain(attempt, marks, signal);

  if (isFiltered) report(STATUS.publishing.code);
  return await timed(journey, 'publish', signal, () =>
    publish(attempt, { results, clock }, { outcome, verdict, capture, origin, signal }),
  );
}

/** Needed only where somebody has removed a container: the wait for the algorithm does not wait for it. Undefined where the engine does not tell. */
function askForOrigin({ engine, identity, log }: Attempt, signal: AbortSignal): Promise<Origin | undefined> {
  const silent = new Error('the engine does not say what a container was made of');
  const { algorithm } = namesOf(identity);
  const origin = retryWhileAnswering({ engine, ms: LONGEST_MS, overdue: () => silent, signal, log }, (limited) =>
    engine.originOf(algorithm, limited),
  ).catch((error: unknown) => {
    if (error !== silent) throw error;
    return undefined;
  });
  // Its failure is heard by whoever needs it; who waits for the end hears of a container that is lost.
  origin.catch(() => undefined);
  return origin;
}

/** Waits until the algorithm does not run, and notes how it ended, unless an earlier life of the runner has. */
async function theEnd(
  journey: Journey,
  { algorithm, flooded, cause }: Pick<Waiting, 'algorithm' | 'flooded' | 'cause'>,
  parts: StepParts,
): Promise<Outcome> {
  const { attempt, control, report, signal } = journey;
  const { marks, notes, clock } = parts;
  const { identity, engine, log } = attempt;
  const note = (why: Cause) =>
    marks.writeCause(identity, identity.attempt, why).catch((error: unknown) => {
      log.warn({ problem: messageOf(error) }, 'why an algorithm is ended could not be noted');
    });
  const noted = algorithm.kind === 'exited' ? await marks.readEnd(identity, identity.attempt) : undefined;
  const { isWatched, isUntold, ...end }: End = noted
    ? { ...noted, isWatched: true }
    : await timed(journey, 'wait', signal, () =>
        awaitEnd(attempt, { algorithm, clock, halted: control.halted, flooded, cause, note }, signal),
      );
  // Told before anything else is asked of the engine: whoever waits for the end hears of it at once.
  report(identity.isFiltered ? STATUS.filtering.code : STATUS.publishing.code);
  await journey.turn('after', signal);
  await notes.enter(identity, 'after');
  if (noted) return noted;
  const { algorithm: name } = namesOf(identity);
  const exit =
    end.because === 'engine'
      ? 'unknown'
      : isUntold
        ? 'untold'
        : await timed(journey, 'exit', signal, () => readExit(engine, { name, isWatched, signal, log }));
  const outcome = { ...end, exit };
  // A disk that does not take the note costs an attempt at most, and only where the engine ends before the results are published.
  if (exit !== 'unknown' && exit !== 'untold')
    await marks.writeEnd(identity, identity.attempt, outcome).catch((error: unknown) => {
      log.warn({ problem: messageOf(error) }, 'how an algorithm ended could not be noted');
    });
  return outcome;
}

/** What was stopped for another reason has its ending, however it exited. */
const mayBeginAgain = ({ because }: Outcome) => because === 'exit' || because === 'time' || because === 'engine';

/** Whatever a step fails with because its signal aborted, the signal's reason is the one that counts. */
async function timed<T>({ attempt }: Journey, step: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const before = performance.now();
  tellStep(attempt.identity.jobId, step);
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    attempt.log.debug({ step, ms: Math.round((performance.now() - before) * 10) / 10 }, 'step done');
  }
}
