/**
 * The way of an attempt, step by step. Read this first. What ends a run is told by `run.ts`, which also cleans: by labels, whatever step
 * it came to. You never know when the runner dies: each step finds out what an earlier life of it has done, or starts afresh.
 */
import { wayFrom } from './step.ts';
import type { AttemptContext } from './attempt-context.ts';
import { begin, type Begun, type ToBegin } from './steps/begin.ts';
import { capture } from './steps/capture.ts';
import { claim, claimAgain, type Claimed } from './steps/claim.ts';
import { ended } from './steps/ended.ts';
import { exit } from './steps/exit.ts';
import { filter } from './steps/filter.ts';
import { mark } from './steps/mark.ts';
import { provision } from './steps/provision.ts';
import { publish } from './steps/publish.ts';
import { pull, type HoldsImages } from './steps/pull.ts';
import { pullFilter } from './steps/pull-filter.ts';
import { start, startIfNotStarted, type Running } from './steps/start.ts';
import { started } from './steps/started.ts';
import { wait } from './steps/wait.ts';
import { whileThereIsRoom } from './while-there-is-room.ts';

/** From nothing to an algorithm that can be started, and is not. Given up at once when the run shall not go on. */
export const PREPARATION = wayFrom<ToBegin>()
  // 10. It is its turn; whether the attempt is this runner's, and nobody else's, is asked while the image is pulled.
  .step(begin)
  // Tried again where the engine has no room, or somebody has cleared the image away.
  .part(
    whileThereIsRoom(
      wayFrom<Begun & HoldsImages>()
        // The image is on the machine, and the one of the environment's filter.
        .step(pull)
        .step(pullFilter)
        // The attempt is this runner's.
        .step(claim)
        // 20. Volumes and containers exist and are filled.
        .step(provision),
    ),
  );

/** From there to a running algorithm. */
export const START = wayFrom<Claimed>()
  // 30. That it is about to be started is on the disk.
  .step(mark)
  // The algorithm is started, once.
  .step(start);

/** The same from a start that an earlier life of the runner was about to make, or made without hearing of it. */
export const RESUMPTION = wayFrom<AttemptContext>().step(claimAgain).step(startIfNotStarted);

/** From a started algorithm to published results. A stop is part of it; only a run that nobody wants any more leaves early. */
export const CONCLUSION = wayFrom<Running>()
  // What its beginning cost counts no more.
  .step(started)
  // 40. Its log is followed.
  .step(capture)
  // It runs until it exits, is stopped, or its time is over.
  .step(wait)
  // 50, or 60 where the environment has no filter. It is its turn again.
  .step(ended)
  // How it exited. Where only the engine's end was seen, the attempt is begun again as the next one.
  .step(exit)
  // Where the environment has one: the operator's own container has passed the outputs, or they are withheld.
  .step(filter)
  // 60. Outputs and log are results, with a manifest that says how the run ended.
  .step(publish);
