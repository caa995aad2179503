/**
 * The way of an attempt, step by step. Read this first.
 *
 *   pull       10  the image is on the machine
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
import type { Manifest } from '@capstan/shared/contract/manifest';
import type { ProgressCode } from '@capstan/shared/contract/status';
import { STATUS } from '@capstan/shared/contract/status';
import type { Clock } from '@capstan/shared/clock';
import type { EgressImage } from '../egress/image.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import type { OwnNode } from '../fetch/sealed-files.ts';
import type { Images } from '../images/images.ts';
import type { Captures } from '../logs/captures.ts';
import type { Results } from '../results/results.ts';
import type { Attempt } from './attempt.ts';
import type { Control } from './control.ts';
import type { StartMarks } from './start-marks.ts';
import { filter } from './steps/filter.ts';
import { provision } from './steps/provision.ts';
import { publish } from './steps/publish.ts';
import { pull, pullFilter } from './steps/pull.ts';
import { awaitEnd, readAlgorithmExit, startAlgorithm, type Started } from './steps/run.ts';

export interface StepParts {
  readonly images: Images;
  readonly fetcher: Fetcher;
  readonly egress: EgressImage;
  readonly results: Results;
  readonly marks: StartMarks;
  readonly captures: Captures;
  readonly own: OwnNode;
  readonly clock: Clock;
}

export interface Journey {
  readonly attempt: Attempt;
  readonly control: Control;
  /** Tells a status. */
  readonly report: (code: ProgressCode) => void;
  /** Aborts when the runner stops; containers go on. */
  readonly signal: AbortSignal;
}

/** From nothing to a running algorithm. Gives up at once when the run shall not go on. */
export async function begin(journey: Journey, spec: JobSpec, parts: StepParts): Promise<void> {
  const { attempt, control, report } = journey;
  const { images, fetcher, egress, marks, own } = parts;
  const signal = AbortSignal.any([journey.signal, control.halted]);

  report(STATUS.started.code);
  // Held until containers need them: from then on the engine itself won't let them go.
  using image = await timed(journey, 'pull', signal, () =>
    pull(attempt, { images, container: spec.algorithm.container }, signal),
  );
  using filterImage = await timed(journey, 'pull-filter', signal, () => pullFilter(attempt, images, signal));

  report(STATUS.configuringVolumes.code);
  await timed(journey, 'provision', signal, () =>
    provision(attempt, { spec, image: image.id, filterImage: filterImage?.id, own, fetcher, egress }, signal),
  );
  report(STATUS.provisioned.code);

  await marks.write(attempt.identity, attempt.identity.attempt);
  signal.throwIfAborted();
  await timed(journey, 'start', journey.signal, () => startAlgorithm(attempt, 'new', journey.signal));
}

/** From a start that an earlier life of the runner was about to make, or made without hearing of it. */
export async function resume(journey: Journey): Promise<void> {
  const { attempt, signal } = journey;
  await timed(journey, 'start', signal, () => startAlgorithm(attempt, 'perhaps started', signal));
}

/** From a started algorithm to published results. A stop is part of it; only a run that nobody wants any more leaves early. */
export async function finish(journey: Journey, algorithm: Started, parts: StepParts): Promise<Manifest> {
  const { attempt, control, report } = journey;
  const { results, captures, clock } = parts;
  const signal = AbortSignal.any([journey.signal, control.dropped]);

  report(STATUS.running.code);
  await using capture = await captures.open(attempt.identity, { log: attempt.log, signal });
  const end = await timed(journey, 'wait', signal, () =>
    awaitEnd(attempt, { algorithm, clock, halted: control.halted }, signal),
  );

  const isFiltered = attempt.identity.isFiltered === true;
  // Told before anything else is asked of the engine: whoever waits for the end hears of it at once.
  report(isFiltered ? STATUS.filtering.code : STATUS.publishing.code);
  const exit = await timed(journey, 'exit', signal, () => readAlgorithmExit(attempt, signal));
  const verdict = isFiltered ? await timed(journey, 'filter', signal, () => filter(attempt, clock, signal)) : 'passed';

  if (isFiltered) report(STATUS.publishing.code);
  const endedAt = clock.now();
  return await timed(journey, 'publish', signal, () =>
    publish(attempt, { results, endedAt }, { outcome: { ...end, exit }, verdict, capture, signal }),
  );
}

/** Whatever a step fails with because its signal aborted, the signal's reason is the one that counts. */
async function timed<T>({ attempt }: Journey, step: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const before = performance.now();
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    attempt.log.debug({ step, ms: Math.round((performance.now() - before) * 10) / 10 }, 'step done');
  }
}
