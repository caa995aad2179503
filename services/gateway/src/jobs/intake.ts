/** Runners' events into the store, in their order; acknowledged only after the commit. Whoever listens hears of them after it, too. */
import type { Bus } from '@capstan/shared/bus/connect';
import { pull, type Message } from '@capstan/shared/bus/consume';
import { GATEWAY_CONSUMER, STREAMS } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/clock';
import { apply } from '@capstan/shared/contract/lifecycle';
import { JobEventSchema, type JobEvent } from '@capstan/shared/contract/messages';
import { STATUS } from '@capstan/shared/contract/status';
import { hasCode, messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';
import { compile } from '@capstan/shared/validate';
import type { ResultAssets } from '../assets/result-assets.ts';
import type { Store } from '../store/store.ts';
import { recordEvent } from './record-event.ts';
import { failUnreadable } from './fail-unreadable.ts';

const validate = compile(JobEventSchema);
/** Also bounds how many events share one commit. */
const BATCH = 500;
const ACK_WAIT_MS = 10_000;

interface IntakeOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly resultAssets: Pick<ResultAssets, 'add'>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createIntake({ bus, store, resultAssets, clock, log }: IntakeOptions): Service {
  const stopping = new AbortController();
  const inWork = new Set<Promise<void>>();
  let reading: Promise<void> | undefined;

  /** Results that become an asset are one before anybody hears of it. */
  const withAsset = async (event: JobEvent): Promise<JobEvent> => {
    const { jobId, run, code, details } = event;
    const job = code === STATUS.completed.code ? store.jobs.find(jobId) : undefined;
    if (!job || apply(job, event).kind === 'ignored') return event;
    try {
      const resultsDid = await resultAssets.add({ jobId, run, results: details.results ?? [] }, job.ownerShown);
      return resultsDid === undefined ? event : { ...event, details: { ...details, resultsDid } };
    } catch (error) {
      // The results are there all the same, and the end of a job waits for nothing.
      log.error({ jobId, run, err: error }, 'results could not be put into the catalogue');
      return event;
    }
  };

  const record = async (message: Message) => {
    const checked = validate(message.body);
    if (!checked.ok) {
      const problem = Object.values(checked.errors).flat().join(' ');
      log.error({ subject: message.subject, problem }, 'an event that can never be applied went to the dead letters');
      await store.write((transaction) => failUnreadable(store, transaction, { message, problem, at: clock.now() }));
      return;
    }
    const event = await withAsset(checked.value);
    const ignored = await store.write((transaction) => recordEvent(store, transaction, event));
    const { jobId, run, attempt, code } = event;
    if (ignored === undefined) log.info({ jobId, run, attempt, code }, 'job moved on');
    else log.debug({ jobId, run, attempt, code, reason: ignored }, 'event changes nothing');
  };

  const handle = async (message: Message) => {
    try {
      await record(message);
      message.ack();
    } catch (error) {
      // Not acknowledged: it comes again.
      if (!hasCode(error, 'STORE_UNAVAILABLE')) log.error({ err: error, subject: message.subject }, 'an event failed');
      else log.warn({ problem: messageOf(error) }, 'events wait for the store');
    }
  };

  const read = async () => {
    const messages = pull(bus, {
      stream: STREAMS.events.name,
      consumer: GATEWAY_CONSUMER,
      subject: STREAMS.events.subjects[0],
      ackWaitMs: ACK_WAIT_MS,
      batchSize: BATCH,
      maxUnacked: BATCH * 2,
      log,
      signal: stopping.signal,
    });
    for await (const message of messages) {
      // Not awaited one by one: events that come together share a commit, which keeps their order.
      const work = handle(message).finally(() => inWork.delete(work));
      inWork.add(work);
    }
  };

  return {
    name: 'intake',
    start() {
      reading = read();
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await reading;
      await Promise.all(inWork);
    },
  };
}
