/** Carries a run to its end, whatever state it was begun in, and lets its command go by what came of it. */
import { getDesired } from '@capstan/shared/bus/desired';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Desired } from '@capstan/shared/contract/messages';
import type { Log } from '@capstan/shared/runtime/log';
import { retry } from '@capstan/shared/runtime/retry';
import type { RunToDo, Stage } from '../pipeline/run-to-do.ts';
import { createNews } from '../reporting/news.ts';
import { atWork, isAtWork, isBegun, isStarted, mayJoin, type BegunRun, type RunEntry } from './run-entry.ts';
import type { WorkerParts } from './worker-parts.ts';

/** What another runner has started is offered again after this time, to it or to whoever is there when it stays silent. */
const LEAVE_MS = 3_000;

/** `left`: it is with another runner. */
type Outcome = 'ended' | 'left' | 'unfinished';

interface CarryOutOptions extends Pick<WorkerParts, 'bus' | 'runs' | 'run' | 'told' | 'standing' | 'onBegin' | 'log'> {
  /** Takes what the gateway wants of a run. */
  readonly obey: (entry: RunEntry, desired: Desired) => void;
  /** It is not in the registry any more, and this is what it was in the end. Called at once, before anybody can take the job anew. */
  readonly onLeft: (last: RunEntry) => void;
  readonly signal: AbortSignal;
}

export function createCarryOut(options: CarryOutOptions) {
  const { bus, runs, run, told, standing, onBegin, obey, onLeft, signal, log } = options;
  const news = createNews();

  /** Asks what is wanted of a job, for as long as it takes. */
  const learnDesired = async (jobId: JobId) => {
    const desired = await retry(() => getDesired(bus, jobId), { signal, maxDelayMs: 1_000 });
    const entry = runs.get(jobId);
    if (desired && entry) obey(entry, desired);
  };

  /** Resolves when it may be at work, and is then. */
  const turn = async (jobId: JobId, stage: Stage, until: AbortSignal) => {
    for (;;) {
      const entry = runs.get(jobId);
      if (!entry || !isBegun(entry)) throw new RangeError(`no turn for ${jobId}: nobody has begun with it`);
      if (isAtWork(entry) || mayJoin(entry, runs.all())) return runs.move(atWork(entry, stage));
      await runs.nextChange(until);
      until.throwIfAborted();
    }
  };

  const pursue = async (entry: BegunRun, jobLog: Log): Promise<Outcome> => {
    const { jobId, run: number, environment, control, deliveries, attempts } = entry;
    if (deliveries.command) {
      const [before] = await Promise.all([standing(deliveries.command, signal), learnDesired(jobId)]);
      // What is to end, and whose runner is away, is ended by whoever is there: nothing is started for it.
      if (before.kind === 'theirs' && !(before.isSilent && control.halted.aborted)) {
        const { runnerId } = before;
        const level = news.isNew(jobId, `${number} ${runnerId}`) ? 'info' : 'debug';
        jobLog[level]({ runnerId }, 'another runner has started it');
        return 'left';
      }
      attempts.elsewhere = before.kind === 'ours' ? before.attemptsElsewhere : before.attempt;
    }
    const isAdopted = !deliveries.command;
    jobLog[isAdopted ? 'info' : 'debug']({ environment, isAdopted }, 'job begins');
    onBegin(entry);
    const todo: RunToDo = {
      jobId,
      run: number,
      environment,
      control,
      gpus: entry.gpus,
      spec: () => deliveries.command?.spec,
      lastStart: () => Math.max(deliveries.command?.lastStart ?? 0, attempts.elsewhere),
      turn: (stage, until) => turn(jobId, stage, until),
    };
    let result = await run(todo, signal);
    // Its command may have come while it was found that it takes one.
    if (result === 'needs-command' && deliveries.command) result = await run(todo, signal);
    await told(entry, signal);
    return result === 'ended' && !signal.aborted ? 'ended' : 'unfinished';
  };

  const carryOut = async (entry: BegunRun): Promise<void> => {
    const { jobId, run: number, deliveries } = entry;
    const jobLog = log.child({ jobId, run: number });
    let outcome: Outcome = 'unfinished';
    try {
      outcome = await pursue(entry, jobLog);
    } catch (error) {
      if (!signal.aborted) jobLog.error({ err: error }, 'a job could not be carried on; its command will come again');
    }
    const last = runs.remove(entry);
    const { messages } = deliveries;
    if (outcome === 'ended') for (const message of messages) message.ack();
    else if (outcome === 'left') for (const message of messages) message.release(LEAVE_MS);
    // Another runner may take it at once; one that is started waits for this one to come back.
    else if (signal.aborted && !isStarted(last)) for (const message of messages) message.release();
    jobLog[outcome === 'left' ? 'debug' : 'info']({ outcome }, 'job leaves');
    onLeft(last);
  };

  return { carryOut, learnDesired };
}
