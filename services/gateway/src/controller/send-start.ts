/** The start command of a job, given to the runners of its environment. NATS only ever holds commands that a runner has a place for. */
import type { Bus } from '@capstan/shared/bus/connect';
import { publish } from '@capstan/shared/bus/publish';
import { startMessageId, startSubject } from '@capstan/shared/bus/subjects';
import { hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { JobId } from '@capstan/shared/contract/ids';
import type { LifecycleState } from '@capstan/shared/contract/lifecycle';
import type { StartCommand } from '@capstan/shared/contract/messages';
import { isEnding, STATUS, statusRow } from '@capstan/shared/contract/status';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import type { Store } from '../store/store.ts';
import { failTooLarge } from './fail-too-large.ts';

export interface Sending {
  readonly jobId: JobId;
  readonly run: number;
  /** Counts how often its command went out: the same again is the same message. */
  readonly sending: number;
}

interface SendStartOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SendStart {
  /** Rejects with BUS_UNAVAILABLE. Harmless if there is nothing to send any more. */
  (sending: Sending): Promise<void>;
  /** Why the last command could not be sent, if it could not. */
  problem(): string | undefined;
}

export function createSendStart({ bus, store, clock, log }: SendStartOptions): SendStart {
  let problem: string | undefined;

  const send = async ({ jobId, run, sending }: Sending) => {
    const spec = store.jobs.spec(jobId);
    const job = store.jobs.find(jobId);
    if (spec === undefined || !job || job.run !== run || isEnding(job.code)) return;
    const command: StartCommand = {
      v: 1,
      jobId,
      run,
      spec: JSON.parse(spec) as StartCommand['spec'],
      lastStart: lastStartOf(job),
      ...(job.start ? { startedBy: job.start } : {}),
      confirmsStarts: true,
    };
    const { environment } = job;
    try {
      await publish(bus, {
        subject: startSubject(environment),
        messageId: startMessageId(jobId, run, sending),
        message: command,
      });
      problem = undefined;
      log.info({ jobId, run, environment }, 'job sent to the runners');
    } catch (error) {
      if (hasCode(error, 'BUS_UNAVAILABLE')) problem = messageOf(error);
      if (!hasCode(error, 'MESSAGE_TOO_LARGE')) throw error;
      await store.write((transaction) => failTooLarge(store, transaction, { jobId, run, at: clock.now() }));
      log.error({ jobId, run, problem: error.message }, 'a job can not be handed to a runner, and has ended');
    }
  };
  return Object.assign(send, { problem: () => problem });
}

/** An attempt counts as started once that was told; those before it were, or were given up. */
function lastStartOf({ attempt, code }: LifecycleState): number {
  return statusRow(code).rank >= STATUS.running.rank ? attempt : Math.max(0, attempt - 1);
}
