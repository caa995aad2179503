/**
 * Takes commands while there is room and carries them out. A command is acked when its run has ended, its ending is told and nothing
 * of it is left; until then it is kept alive, so that the command of a runner that died is delivered again.
 */
import { neededBy, NOTHING } from '@capstan/shared/contract/amounts';
import { watchDesired } from '@capstan/shared/bus/desired';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Desired } from '@capstan/shared/contract/messages';
import type { Service } from '@capstan/shared/runtime/service';
import { freeGpus, mayAsk, whatFits, type Offer } from '../environments/capacity.ts';
import { resourcesOf } from '../docker/grant.ts';
import type { AttemptIdentity } from '../docker/names.ts';
import { createCarryOut } from './carry-out.ts';
import { commandsFor } from './commands.ts';
import { createControl } from '../pipeline/control.ts';
import {
  closing,
  foundRun,
  isBegun,
  mayJoin,
  provisioning,
  watched,
  type BegunRun,
  type RunEntry,
} from './run-entry.ts';
import { createKeepAlive } from './keep-alive.ts';
import { createTakeCommands } from './take-commands.ts';
import type { WorkerParts } from './worker-parts.ts';

export interface Worker extends Service {
  /** Goes on with a run whose algorithm is started, without waiting for its command. Harmless if it is in hand. */
  adopt(identity: AttemptIdentity): void;
  /** Something changed that runs may wait for. */
  look(): void;
}

export function createWorker(parts: WorkerParts): Worker {
  const { bus, runs, offers, hearDesired, mayBegin, companyOf, reading, onDeleted, onLeave, log } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  const busy = new Set<Promise<void>>();
  /** Jobs that were deleted while they were in hand: nothing else forgets what they have left here. */
  const deleted = new Set<JobId>();
  /** What was found waits for it: nothing is begun before commands are taken. */
  let isStarted = false;
  let forgetBus: (() => void) | undefined;

  const inBackground = (work: Promise<void>) => {
    const settled = work
      .catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error }, 'the worker failed');
      })
      .finally(() => busy.delete(settled));
    busy.add(settled);
  };

  const obey = (entry: RunEntry, desired: Desired) => {
    if (desired.run < entry.run) return;
    // A later run means that this one is over and done with.
    const want = desired.run > entry.run ? 'ended' : desired.want;
    if (entry.control.set(want) && want !== 'ended')
      log.info({ jobId: entry.jobId, run: entry.run, want }, 'an end of the job was asked for');
    if (!isBegun(entry)) beginWhatFits();
  };

  const onLeft = (last: RunEntry) => {
    onLeave(last);
    if (deleted.delete(last.jobId)) onDeleted(last.jobId);
    for (const message of last.deliveries.successors) take(message);
    beginWhatFits();
  };
  const { carryOut, learnDesired } = createCarryOut({ ...parts, obey, onLeft, signal });

  const begin = (entry: BegunRun) => {
    runs.move(entry);
    inBackground(carryOut(entry));
  };

  const beginWhatFits = () => {
    for (const entry of runs.all()) {
      const isUnwanted = entry.control.halted.aborted;
      // A run that is not wanted any more takes no room: it only has to be told and cleared away.
      if (entry.state === 'waiting' && isUnwanted) begin(closing(entry));
      // What was found needs no room that it does not have, and an algorithm that runs has to be watched, whoever goes alone.
      else if (entry.state === 'found' && (isUnwanted || isStarted)) begin(watched(entry));
    }
    for (const offer of mayBegin() ? offers : []) {
      for (const { jobId } of whatFits(offer, runs.occupants())) {
        const entry = runs.get(jobId);
        if (entry?.state !== 'waiting' || !mayJoin(entry, runs.all())) continue;
        begin(provisioning(entry, freeGpus(offer, runs.occupants()).slice(0, entry.need.gpus)));
      }
    }
    runs.changed();
  };
  const { take, refuseCommand } = createTakeCommands({ ...parts, onWaiting: beginWhatFits, inBackground, signal });

  /** What goes alone has its turn once all others that are in hand have ended. */
  const isSomebodyAlone = () => runs.all().some(({ company }) => company === 'alone');

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

  const deliveries = createKeepAlive({ bus, runs });

  return {
    name: 'worker',
    look: beginWhatFits,
    adopt({ jobId, run, environment, attempt, grant }) {
      if (runs.get(jobId)) return;
      const offer = offers.find((candidate) => candidate.environment.id === environment);
      runs.add(
        foundRun({
          jobId,
          run,
          environment,
          need: offer ? neededBy(resourcesOf(grant), offer.environment) : NOTHING,
          gpus: grant?.gpus ?? [],
          control: createControl(),
          deliveries: { command: undefined, messages: [], successors: [] },
          attempts: { here: attempt, elsewhere: 0 },
          company: companyOf({ jobId, run }, 'after'),
        }),
      );
      if (isStarted) beginWhatFits();
    },
    start() {
      isStarted = true;
      deliveries.start();
      forgetBus = bus.onConnected(() => {
        // Whatever the watch makes of a broker that was away: what is in hand is asked for, one by one.
        for (const { jobId } of runs.all()) inBackground(learnDesired(jobId));
      });
      watchDesired(bus, {
        onWord(jobId, desired, heard) {
          hearDesired(jobId, desired, heard);
          const entry = runs.get(jobId);
          if (entry && desired.want === 'deleted') deleted.add(jobId);
          if (entry) obey(entry, desired);
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
      deliveries.stop();
      forgetBus?.();
      stopping.abort();
      await Promise.all(busy);
    },
  };
}
