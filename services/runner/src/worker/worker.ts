/**
 * Takes commands while there is room and carries them out. A command is acked when its run has ended, its ending is told and nothing
 * of it is left; until then it is kept alive, so that the command of a runner that died is delivered again.
 */
import { neededBy, NOTHING } from '@capstan/shared/contract/amounts';
import type { Message } from '@capstan/shared/bus/consume';
import { getDesired, watchDesired } from '@capstan/shared/bus/desired';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Desired, StartCommand } from '@capstan/shared/contract/messages';
import type { Log } from '@capstan/shared/runtime/log';
import { retry } from '@capstan/shared/runtime/retry';
import type { Service } from '@capstan/shared/runtime/service';
import { freeGpus, mayAsk, whatFits, type Offer } from '../environments/capacity.ts';
import { resourcesOf } from '../docker/grant.ts';
import type { AttemptIdentity } from '../docker/names.ts';
import { commandsFor } from './commands.ts';
import { createControl } from '../pipeline/control.ts';
import { readCommand, whyNotOffered, type Refusal } from './command.ts';
import type { WorkerParts } from './worker-parts.ts';
import { createNews } from '../reporting/news.ts';
import { mayJoin, type RunEntry } from './run-registry.ts';

export interface Worker extends Service {
  /** Goes on with a run whose algorithm is started, without waiting for its command. Harmless if it is in hand. */
  adopt(identity: AttemptIdentity): void;
  /** Something changed that runs may wait for. */
  look(): void;
}

/** Often enough that no command is delivered again while its runner lives. */
const HEARTBEAT_MS = 800;
/** What another runner has started is offered again after this time, to it or to whoever is there when it stays silent. */
const LEAVE_MS = 3_000;

/** `left`: it is with another runner. */
type Outcome = 'ended' | 'left' | 'unfinished';

export function createWorker(parts: WorkerParts): Worker {
  const { bus, runs, offers, run, refuse, told, standing, hearDesired, mayBegin, goesAlone, reading, log } = parts;
  const { onBegin, onDeleted, onLeave } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  const busy = new Set<Promise<void>>();
  /** Jobs that were deleted while they were in hand: nothing else forgets what they have left here. */
  const deleted = new Set<JobId>();
  const news = createNews();
  let heartbeat: NodeJS.Timeout | undefined;
  let forgetBus: (() => void) | undefined;

  const inBackground = (work: Promise<void>) => {
    const settled = work
      .catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error }, 'the worker failed');
      })
      .finally(() => busy.delete(settled));
    busy.add(settled);
  };

  const begin = (work: RunEntry) => {
    work.state = 'working';
    inBackground(carryOut(work));
  };

  const beginWhatFits = () => {
    for (const work of runs.all().filter(({ state }) => state === 'holding')) {
      // A run that is not wanted any more takes no room: it only has to be told and cleared away.
      if (work.control.halted.aborted) begin(work);
      // What was found needs no room that it does not have, and an algorithm that runs has to be watched, whoever goes alone.
      else if (work.isStarted && heartbeat) begin(work);
    }
    for (const offer of mayBegin() ? offers : []) {
      for (const { jobId } of whatFits(offer, runs.occupants())) {
        const work = runs.get(jobId);
        if (!work || !mayJoin(work, runs.all())) continue;
        work.isAtWork = true;
        work.gpus = freeGpus(offer, runs.occupants()).slice(0, work.need.gpus);
        begin(work);
      }
    }
    runs.changed();
  };

  const carryOut = async (work: RunEntry) => {
    const { jobId, run: number } = work;
    const jobLog = log.child({ jobId, run: number });
    let outcome: Outcome = 'unfinished';
    try {
      outcome = await pursue(work, jobLog);
    } catch (error) {
      if (!signal.aborted) jobLog.error({ err: error }, 'a job could not be carried on; its command will come again');
    }
    if (outcome === 'ended') for (const message of work.messages) message.ack();
    else if (outcome === 'left') for (const message of work.messages) message.release(LEAVE_MS);
    // Another runner may take it at once; one that is started waits for this one to come back.
    else if (signal.aborted && !work.isStarted) for (const message of work.messages) message.release();
    jobLog[outcome === 'left' ? 'debug' : 'info']({ outcome }, 'job leaves');
    runs.remove(work);
    onLeave(work);
    if (deleted.delete(jobId)) onDeleted(jobId);
    for (const message of work.successors) take(message);
    beginWhatFits();
  };

  const pursue = async (work: RunEntry, jobLog: Log): Promise<Outcome> => {
    const { jobId, run: number, environment, control } = work;
    if (work.command) {
      const [before] = await Promise.all([standing(work.command, signal), learnDesired(work)]);
      // What is to end, and whose runner is away, is ended by whoever is there: nothing is started for it.
      if (before.kind === 'theirs' && !(before.isSilent && control.halted.aborted)) {
        const { runnerId } = before;
        const level = news.isNew(jobId, `${number} ${runnerId}`) ? 'info' : 'debug';
        jobLog[level]({ runnerId }, 'another runner has started it');
        return 'left';
      }
      work.attemptsElsewhere = before.kind === 'ours' ? before.attemptsElsewhere : before.attempt;
    }
    jobLog[work.command ? 'debug' : 'info']({ environment, isAdopted: !work.command }, 'job begins');
    onBegin(work);
    const spec = () => work.command?.spec;
    const lastStart = () => Math.max(work.command?.lastStart ?? 0, work.attemptsElsewhere);
    const turnOf = (until: AbortSignal) => turn(work, until);
    const todo = { jobId, run: number, environment, control, spec, lastStart, gpus: () => work.gpus, turn: turnOf };
    let result = await run(todo, signal);
    // Its command may have come while it was found that it takes one.
    if (result === 'needs-command' && work.command) result = await run(todo, signal);
    await told(work, signal);
    return result === 'ended' && !signal.aborted ? 'ended' : 'unfinished';
  };

  /** Resolves when it may be at work, and is then. */
  const turn = async (work: RunEntry, until: AbortSignal) => {
    while (!work.isAtWork && !mayJoin(work, runs.all())) {
      await runs.nextChange(until);
      until.throwIfAborted();
    }
    work.isAtWork = true;
  };

  const learnDesired = async (work: RunEntry) => {
    const desired = await retry(() => getDesired(bus, work.jobId), { signal, maxDelayMs: 1_000 });
    if (desired) obey(work, desired);
  };

  const obey = (work: RunEntry, desired: Desired) => {
    if (desired.run < work.run) return;
    // A later run means that this one is over and done with.
    const want = desired.run > work.run ? 'ended' : desired.want;
    if (work.control.set(want) && want !== 'ended')
      log.info({ jobId: work.jobId, run: work.run, want }, 'an end of the job was asked for');
    if (work.state === 'holding') beginWhatFits();
  };

  const isInHand = ({ jobId, run: number }: Pick<Refusal, 'jobId' | 'run'>) => (runs.get(jobId)?.run ?? 0) >= number;

  const take = (message: Message) => {
    const read = readCommand(message.body);
    if (read.kind === 'refused') {
      log.error({ problem: read.problem, subject: message.subject }, 'a command can not be carried out');
      // A run that is in hand is not over because somebody sends nonsense in its name.
      if (!read.refusal || isInHand(read.refusal)) return message.discard();
      return refuseCommand(read.refusal, message);
    }
    const { command } = read;
    const known = runs.get(command.jobId);
    if (!known) return admit(command, message);
    if (command.run < known.run) return message.ack();
    if (command.run > known.run) {
      known.control.set('ended');
      known.successors.push(message);
      return;
    }
    known.command ??= command;
    known.messages.push(message);
    runs.changed();
  };

  const admit = (command: StartCommand, message: Message) => {
    const { jobId, run: number, spec } = command;
    const { resources } = spec;
    const offer = offers.find(({ environment }) => environment.id === spec.environment);
    if (!offer || (resources?.gpus ?? 0) > offer.gpus.length) return turnDown(command, message, offer);
    runs.add({
      jobId,
      run: number,
      environment: spec.environment,
      need: neededBy(resources, offer.environment),
      gpus: [],
      control: createControl(),
      command,
      messages: [message],
      successors: [],
      attempt: undefined,
      attemptsElsewhere: 0,
      isAlone: goesAlone({ jobId, run: number }, 'before'),
      isAtWork: false,
      state: 'holding',
      isStarted: false,
    });
    beginWhatFits();
  };

  /** What the gateway knew of the environment is not so any more. */
  const turnDown = ({ jobId, run: number, spec }: StartCommand, message: Message, offer: Offer | undefined) => {
    refuseCommand({ jobId, run: number, reason: whyNotOffered(spec, offer?.gpus.length) }, message);
  };

  const refuseCommand = (refusal: Refusal, message: Message) => {
    refuse(refusal);
    inBackground(told(refusal, signal).then(() => message.ack()));
  };

  /** What goes alone has its turn once all others that are in hand have ended. */
  const isSomebodyAlone = () => runs.all().some(({ isAlone }) => isAlone);

  const askFor = async (offer: Offer) => {
    const commands = commandsFor(offer.environment.id, { bus, log, signal });
    for (;;) {
      while (!(mayBegin() && mayAsk(offer, runs.occupants()) && !isSomebodyAlone()) && !signal.aborted)
        await runs.nextChange(signal);
      const next = await commands.next();
      if (next.done === true) return;
      const message = next.value;
      await reading(message.body, { read: () => take(message), refuse: (refusal) => refuseCommand(refusal, message) });
    }
  };

  const keepAlive = () => {
    if (!bus.isConnected()) return;
    const held = runs.all().flatMap(({ messages, successors }) => [...messages, ...successors]);
    for (const message of held) message.working();
  };

  return {
    name: 'worker',
    look: beginWhatFits,
    adopt({ jobId, run: number, environment, attempt, grant }) {
      if (runs.get(jobId)) return;
      const offer = offers.find((candidate) => candidate.environment.id === environment);
      runs.add({
        jobId,
        run: number,
        environment,
        need: offer ? neededBy(resourcesOf(grant), offer.environment) : NOTHING,
        gpus: grant?.gpus ?? [],
        control: createControl(),
        command: undefined,
        messages: [],
        successors: [],
        attempt,
        attemptsElsewhere: 0,
        isAlone: goesAlone({ jobId, run: number }, 'after'),
        isAtWork: false,
        state: 'holding',
        isStarted: true,
      });
      if (heartbeat) beginWhatFits();
    },
    start() {
      heartbeat = setInterval(keepAlive, HEARTBEAT_MS);
      // Deliveries of a stream that is gone: acking them could ack others in the new one, which counts from 1 again.
      forgetBus = bus.onConnected(({ isFresh }) => {
        // Whatever the watch makes of a broker that was away: what is in hand is asked for, one by one.
        for (const work of runs.all()) inBackground(learnDesired(work));
        if (!isFresh) return;
        for (const work of runs.all()) {
          work.messages = [];
          work.successors = [];
        }
      });
      watchDesired(bus, {
        onWord(jobId, desired, heard) {
          hearDesired(jobId, desired, heard);
          const work = runs.get(jobId);
          if (work && desired.want === 'deleted') deleted.add(jobId);
          if (work) obey(work, desired);
          else if (desired.want === 'deleted') onDeleted(jobId);
        },
        log,
        signal,
      });
      beginWhatFits();
      for (const offer of offers) inBackground(askFor(offer));
      return Promise.resolve();
    },
    async stop() {
      clearInterval(heartbeat);
      forgetBus?.();
      stopping.abort();
      await Promise.all(busy);
    },
  };
}
