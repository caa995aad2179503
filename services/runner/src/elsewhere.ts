/**
 * What other runners have to do with a run. A command goes to whoever is there, also one that a runner died over: then its algorithm
 * may still be running on that runner's engine, and the runner may come back. So before a start each runner says that it starts, and a
 * run that another one started is left to it until nothing was heard of it for a time; then it is begun again, as the next attempt.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { listen } from '@capstan/shared/bus/publish';
import { changeStarted, getStarted, watchStarted } from '@capstan/shared/bus/started';
import { ALL_ANNOUNCEMENTS } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/clock';
import type { JobId } from '@capstan/shared/contract/ids';
import { AnnouncementSchema, type StartCommand, type Started } from '@capstan/shared/contract/messages';
import { messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import { retry } from '@capstan/shared/retry';
import type { Service } from '@capstan/shared/service';
import { compile } from '@capstan/shared/validate';
import type { StartMarks } from './pipeline/start-marks.ts';
import type { Work, Works } from './works.ts';

/** `theirs`: another runner has started it, and may still be at it. */
export type Standing =
  | { readonly kind: 'ours'; readonly attemptsElsewhere: number }
  | { readonly kind: 'theirs'; readonly runnerId: string };

export interface Elsewhere extends Service {
  /** Whether a run may be begun here, and how many attempts others have used up. */
  standing(command: StartCommand, signal: AbortSignal): Promise<Standing>;
  /**
   * Notes of starts that are told to the other runners too, again where NATS forgets. A NATS that is away does not hold up a start.
   */
  telling(marks: StartMarks): StartMarks;
}

interface ElsewhereOptions {
  readonly bus: Bus;
  readonly runnerId: string;
  /** How long another runner must have been silent before its jobs are begun again. */
  readonly takeoverAfterMs: number;
  readonly works: Works;
  readonly clock: Clock;
  readonly log: Log;
}

const validate = compile(AnnouncementSchema);
const TRIES = 3;

export function createElsewhere({ bus, runnerId, takeoverAfterMs, works, clock, log }: ElsewhereOptions): Elsewhere {
  const stopping = new AbortController();
  const { signal } = stopping;
  /** When each runner was last heard, in monotonic milliseconds. */
  const heard = new Map<string, number>();
  /** Silence counts only while we could have heard something. */
  let listeningSince = clock.monotonicMs();
  let forget: (() => void) | undefined;

  const silenceMs = (other: string) => clock.monotonicMs() - Math.max(heard.get(other) ?? 0, listeningSince);

  /** Says that we start, unless another runner has said so of this attempt or a later one: that one's word is returned. */
  const claim = async (jobId: JobId, { run, attempt }: Pick<Started, 'run' | 'attempt'>) => {
    const isTheirs = (last: Started | undefined): last is Started =>
      last !== undefined && last.runnerId !== runnerId && last.run === run && last.attempt >= attempt;
    const own: Started = { v: 1, run, attempt, runnerId };
    // What broke may be back already. A NATS that is away holds nothing up: then it is said when it is there.
    for (let tries = 0; tries < TRIES && bus.isConnected(); tries += 1) {
      try {
        const stands = await changeStarted(bus, jobId, (last) => (isTheirs(last) ? undefined : own));
        return isTheirs(stands) ? stands : undefined;
      } catch (error) {
        log.warn({ jobId, run, attempt, problem: messageOf(error) }, 'other runners could not be told of a start');
      }
    }
    return undefined;
  };

  /** Another runner has started a later attempt than ours. */
  const giveUp = (jobId: JobId, started: Started) => {
    const work = works.get(jobId);
    if (started.runnerId === runnerId || work?.run !== started.run) return;
    if (work.attempt === undefined || work.attempt >= started.attempt) return;
    leave(work, started);
  };

  const leave = (work: Work, started: Started) => {
    const { jobId } = work;
    log.warn({ jobId, ...started }, 'another runner has gone on with this job; clearing it away here');
    // They are the other one's now, and so is their acknowledgement.
    work.messages = [];
    work.control.set('ended');
  };

  /** What was started while NATS was away, or is forgotten there, is said again; the other one's word may have been first. */
  const sayAgain = async (work: Work) => {
    if (work.attempt === undefined) return;
    const theirs = await claim(work.jobId, { run: work.run, attempt: work.attempt });
    if (theirs) leave(work, theirs);
  };

  return {
    name: 'elsewhere',
    start() {
      listen(bus, {
        subject: ALL_ANNOUNCEMENTS,
        handle(message) {
          const checked = validate(message);
          if (checked.ok) heard.set(checked.value.runnerId, clock.monotonicMs());
        },
        signal,
      });
      forget = bus.onConnected(() => {
        listeningSince = clock.monotonicMs();
        for (const work of works.all()) void sayAgain(work);
      });
      watchStarted(bus, { onWord: giveUp, log, signal });
      return Promise.resolve();
    },
    stop() {
      forget?.();
      stopping.abort();
      return Promise.resolve();
    },
    async standing({ jobId, run }, callerSignal) {
      const found = await retry(() => getStarted(bus, jobId), { signal: callerSignal, maxDelayMs: 1_000 });
      // Of our own starts the notes on our disk know more.
      const isForeign = found?.run === run && found.runnerId !== runnerId;
      if (!isForeign) return { kind: 'ours', attemptsElsewhere: 0 };
      if (silenceMs(found.runnerId) < takeoverAfterMs) return { kind: 'theirs', runnerId: found.runnerId };
      return { kind: 'ours', attemptsElsewhere: found.attempt };
    },
    telling: (marks) => ({
      ...marks,
      async write(run, attempt) {
        const work = works.get(run.jobId);
        const theirs = await claim(run.jobId, { run: run.run, attempt });
        // Both were at it, each without knowing of the other: whoever said so first starts it.
        if (theirs && work) return leave(work, theirs);
        if (work) work.attempt = attempt;
        await marks.write(run, attempt);
      },
    }),
  };
}
