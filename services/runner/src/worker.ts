/**
 * Takes commands while there is room and carries them out. A command is acked when its run has ended, its ending is told and nothing
 * of it is left; until then it is kept alive, so that the command of a runner that died is delivered again.
 */
import { neededBy, NOTHING } from '@capstan/shared/amounts';
import type { Bus } from '@capstan/shared/bus/connect';
import { pull, type Message } from '@capstan/shared/bus/consume';
import { getDesired, watchDesired } from '@capstan/shared/bus/desired';
import { environmentConsumer, startSubject, STREAMS } from '@capstan/shared/bus/subjects';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Desired, StartCommand } from '@capstan/shared/contract/messages';
import type { Log } from '@capstan/shared/log';
import { retry } from '@capstan/shared/retry';
import type { Service } from '@capstan/shared/service';
import { freeGpus, mayAsk, whatFits, type Offer } from './capacity.ts';
import { resourcesOf } from './docker/grant.ts';
import type { AttemptIdentity } from './docker/names.ts';
import type { Standing } from './elsewhere.ts';
import { createControl } from './pipeline/control.ts';
import type { RunResult, RunToDo } from './pipeline/run.ts';
import { readCommand, type Refusal } from './command.ts';
import type { Work, Works } from './works.ts';

export interface Worker extends Service {
  /** Goes on with a run whose algorithm is started, without waiting for its command. Harmless if it is in hand. */
  adopt(identity: AttemptIdentity): void;
  /** Something changed that runs may wait for. */
  look(): void;
}

export interface WorkerParts {
  readonly bus: Bus;
  readonly works: Works;
  /** What this runner's environments have. */
  readonly offers: readonly Offer[];
  readonly run: (todo: RunToDo, signal: AbortSignal) => Promise<RunResult>;
  /** Ends a run whose command can't be carried out at all. */
  readonly refuse: (refusal: Refusal) => void;
  /** Resolves when NATS has all events of a job. */
  readonly told: (work: Pick<Work, 'jobId'>, signal: AbortSignal) => Promise<void>;
  /** Whether any may begin that did not begin yet. */
  readonly mayBegin: () => boolean;
  /** Whether a run may be begun here, or another runner is at it. */
  readonly standing: (command: StartCommand, signal: AbortSignal) => Promise<Standing>;
  readonly onBegin: (work: Work) => void;
  /** A job that this runner has not in hand was deleted. Told of each at every start, too. */
  readonly onDeleted: (jobId: JobId) => void;
  /** It is not among the works any more. */
  readonly onLeave: (work: Work) => void;
  readonly log: Log;
}

/** A command whose runner died is delivered again after this time. */
const ACK_WAIT_MS = 3_000;
const HEARTBEAT_MS = 800;
/** What another runner has started is offered again after this time, to it or to whoever is there when it stays silent. */
const LEAVE_MS = 3_000;
/** All runners of an environment together. */
const MAX_UNACKED = 10_000;

/** `left`: it is with another runner. */
type Outcome = 'ended' | 'left' | 'unfinished';

export function createWorker(parts: WorkerParts): Worker {
  const { bus, works, offers, run, refuse, told, standing, mayBegin, onBegin, onDeleted, onLeave, log } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  const busy = new Set<Promise<void>>();
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

  const begin = (work: Work) => {
    work.state = 'working';
    inBackground(carryOut(work));
  };

  const beginWhatFits = () => {
    for (const work of works.all().filter(({ state }) => state === 'holding')) {
      // A run that is not wanted any more takes no room: it only has to be told and cleared away.
      if (work.control.halted.aborted) begin(work);
    }
    for (const offer of mayBegin() ? offers : []) {
      for (const { jobId } of whatFits(offer, works.occupants())) {
        const work = works.get(jobId);
        if (!work) continue;
        work.gpus = freeGpus(offer, works.occupants()).slice(0, work.need.gpus);
        begin(work);
      }
    }
    works.changed();
  };

  const carryOut = async (work: Work) => {
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
    jobLog.info({ outcome }, 'job leaves');
    works.remove(work);
    onLeave(work);
    for (const message of work.successors) take(message);
    beginWhatFits();
  };

  const pursue = async (work: Work, jobLog: Log): Promise<Outcome> => {
    const { jobId, run: number, environment, control } = work;
    if (work.command) {
      const [before] = await Promise.all([standing(work.command, signal), learnDesired(work)]);
      if (before.kind === 'theirs') {
        jobLog.info({ runnerId: before.runnerId }, 'another runner has started it');
        return 'left';
      }
      if (before.attemptsElsewhere > 0) jobLog.warn(before, 'going on with the job of a runner that is away');
      work.attemptsElsewhere = before.attemptsElsewhere;
    }
    jobLog.info({ environment, isAdopted: work.command === undefined }, 'job begins');
    onBegin(work);
    const spec = () => work.command?.spec;
    const lastStart = () => Math.max(work.command?.lastStart ?? 0, work.attemptsElsewhere);
    const todo = { jobId, run: number, environment, control, spec, lastStart, gpus: () => work.gpus };
    let result = await run(todo, signal);
    // Its command may have come while it was found that it takes one.
    if (result === 'needs-command' && work.command) result = await run(todo, signal);
    await told(work, signal);
    return result === 'ended' && !signal.aborted ? 'ended' : 'unfinished';
  };

  const learnDesired = async (work: Work) => {
    const desired = await retry(() => getDesired(bus, work.jobId), { signal, maxDelayMs: 1_000 });
    if (desired) obey(work, desired);
  };

  const obey = (work: Work, desired: Desired) => {
    if (desired.run < work.run) return;
    // A later run means that this one is over and done with.
    const want = desired.run > work.run ? 'ended' : desired.want;
    if (want !== 'run') log.info({ jobId: work.jobId, run: work.run, want }, 'the gateway wants something else');
    work.control.set(want);
    if (work.state === 'holding') beginWhatFits();
  };

  const take = (message: Message) => {
    const read = readCommand(message.body);
    if (read.kind === 'refused') {
      log.error({ problem: read.problem, subject: message.subject }, 'a command can not be carried out');
      if (!read.refusal) return message.discard();
      return refuseCommand(read.refusal, message);
    }
    const { command } = read;
    const known = works.get(command.jobId);
    if (!known) return admit(command, message);
    if (command.run < known.run) return message.ack();
    if (command.run > known.run) {
      known.control.set('ended');
      known.successors.push(message);
      return;
    }
    known.command ??= command;
    known.messages.push(message);
    works.changed();
  };

  const admit = (command: StartCommand, message: Message) => {
    const { jobId, run: number, spec } = command;
    const { resources } = spec;
    const offer = offers.find(({ environment }) => environment.id === spec.environment);
    if (!offer || (resources?.gpus ?? 0) > offer.gpus.length) return turnDown(command, message, offer);
    works.add({
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
      state: 'holding',
      isStarted: false,
    });
    beginWhatFits();
  };

  /** What the gateway knew of the environment is not so any more. */
  const turnDown = ({ jobId, run: number, spec }: StartCommand, message: Message, offer: Offer | undefined) => {
    const reason = offer
      ? `The job asks for ${spec.resources?.gpus ?? 0} GPUs, and ${spec.environment} has ${offer.gpus.length}.`
      : `This runner has no environment ${spec.environment}.`;
    refuseCommand({ jobId, run: number, reason }, message);
  };

  const refuseCommand = (refusal: Refusal, message: Message) => {
    refuse(refusal);
    inBackground(told(refusal, signal).then(() => message.ack()));
  };

  const askFor = async (offer: Offer) => {
    const { environment } = offer;
    const commands = pull(bus, {
      stream: STREAMS.jobs.name,
      consumer: environmentConsumer(environment.id),
      subject: startSubject(environment.id),
      ackWaitMs: ACK_WAIT_MS,
      batchSize: 1,
      maxUnacked: MAX_UNACKED,
      log,
      signal,
    });
    for (;;) {
      while (!(mayBegin() && mayAsk(offer, works.occupants())) && !signal.aborted) await works.nextChange(signal);
      const next = await commands.next();
      if (next.done === true) return;
      take(next.value);
    }
  };

  const keepAlive = () => {
    if (!bus.isConnected()) return;
    for (const { messages, successors } of works.all()) {
      for (const message of [...messages, ...successors]) message.working();
    }
  };

  return {
    name: 'worker',
    look: beginWhatFits,
    adopt({ jobId, run: number, environment, attempt, grant }) {
      if (works.get(jobId)) return;
      const offer = offers.find((candidate) => candidate.environment.id === environment);
      works.add({
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
        state: 'holding',
        isStarted: true,
      });
      const adopted = works.get(jobId);
      if (heartbeat && adopted) begin(adopted);
    },
    start() {
      heartbeat = setInterval(keepAlive, HEARTBEAT_MS);
      // Deliveries of a stream that is gone: acking them could ack others in the new one, which counts from 1 again.
      forgetBus = bus.onConnected(({ isFresh }) => {
        if (!isFresh) return;
        for (const work of works.all()) {
          work.messages = [];
          work.successors = [];
        }
      });
      watchDesired(bus, {
        onWord(jobId, desired) {
          const work = works.get(jobId);
          if (work) obey(work, desired);
          else if (desired.want === 'deleted') onDeleted(jobId);
        },
        log,
        signal,
      });
      for (const work of works.all()) {
        work.state = 'working';
        inBackground(carryOut(work));
      }
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
