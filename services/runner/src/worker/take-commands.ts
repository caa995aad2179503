/** Commands as they are delivered: into the run registry, or refused, or acked because they are about a run that is over. */
import { neededBy } from '@capstan/shared/contract/amounts';
import type { Message } from '@capstan/shared/bus/consume';
import type { StartCommand } from '@capstan/shared/contract/messages';
import { createControl } from '../pipeline/control.ts';
import { readCommand, whyNotOffered, type Refusal } from './command.ts';
import { waitingRun } from './run-entry.ts';
import type { WorkerParts } from './worker-parts.ts';

interface TakeOptions extends Pick<
  WorkerParts,
  'runs' | 'offers' | 'refuse' | 'told' | 'onRefused' | 'companyOf' | 'log'
> {
  /** A run waits for room. */
  readonly onWaiting: () => void;
  readonly inBackground: (work: Promise<void>) => void;
  readonly signal: AbortSignal;
}

export function createTakeCommands(options: TakeOptions) {
  const { runs, offers, refuse, told, onRefused, companyOf, onWaiting, inBackground, signal, log } = options;

  const refuseCommand = (refusal: Refusal, message: Message) => {
    refuse(refusal);
    const acknowledge = () => {
      message.ack();
      // What is in hand under this id is forgotten when it leaves.
      if (!runs.get(refusal.jobId)) onRefused(refusal.jobId);
    };
    inBackground(told(refusal, signal).then(acknowledge));
  };

  const isInHand = ({ jobId, run }: Pick<Refusal, 'jobId' | 'run'>) => (runs.get(jobId)?.run ?? 0) >= run;

  const admit = (command: StartCommand, message: Message) => {
    const { jobId, run, spec } = command;
    const { resources, environment } = spec;
    const offer = offers.find((candidate) => candidate.environment.id === environment);
    // What the gateway knew of the environment is not so any more.
    if (!offer || (resources?.gpus ?? 0) > offer.gpus.length)
      return refuseCommand({ jobId, run, reason: whyNotOffered(spec, offer?.gpus.length) }, message);
    runs.add(
      waitingRun({
        jobId,
        run,
        environment,
        need: neededBy(resources, offer.environment),
        control: createControl(),
        deliveries: { command, messages: [message], successors: [] },
        attempts: { here: 0, elsewhere: 0 },
        company: companyOf({ jobId, run }, 'before'),
      }),
    );
    onWaiting();
  };

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
      known.deliveries.successors.push(message);
      return;
    }
    known.deliveries.command ??= command;
    known.deliveries.messages.push(message);
    runs.changed();
  };

  return { take, refuseCommand };
}
