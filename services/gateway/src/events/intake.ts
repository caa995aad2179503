/** Runners' events into the store, in their order; acknowledged only after the commit. Whoever listens hears of them after it, too. */
import type { Bus } from '@capstan/shared/bus/connect';
import { pull, type Message } from '@capstan/shared/bus/consume';
import { GATEWAY_CONSUMER, STREAMS } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/runtime/clock';
import { apply } from '@capstan/shared/contract/lifecycle';
import { JobEventSchema, type JobEvent } from '@capstan/shared/contract/messages';
import { STATUS } from '@capstan/shared/contract/status';
import { hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { compile } from '@capstan/shared/schema/validate';
import type { ResultAssets } from '../assets/result-assets.ts';
import type { Results } from '../results/open.ts';
import type { Store } from '../store/store.ts';
import { recordEvent } from './record-event.ts';
import { failUnreadable } from './unreadable.ts';
import { createStartClaims } from './start-claims.ts';

const validate = compile(JobEventSchema);
/** Also bounds how many events share one commit. */
const BATCH = 500;
/** It comes again every ten seconds: a store of results may be away for some minutes, and a job must end. */
const LIST_TRIES = 30;

interface IntakeOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly results: Pick<Results, 'list'>;
  readonly resultAssets: Pick<ResultAssets, 'add'>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createIntake({ bus, store, results, resultAssets, clock, log }: IntakeOptions): Service {
  const stopping = new AbortController();
  const inWork = new Set<Promise<void>>();
  let reading: Promise<void> | undefined;
  const claims = createStartClaims({ bus, store, log });

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

  /** A list that was too long for its message is read where it stands. Throws RESULTS_UNAVAILABLE as long as that may pass. */
  const withWholeList = async (event: JobEvent, deliveries: number): Promise<JobEvent> => {
    const { resultsInManifest: count, ...details } = event.details;
    const { jobId, run } = event;
    const job = count === undefined ? undefined : store.jobs.find(jobId);
    if (!job || apply(job, event).kind === 'ignored') return { ...event, details };
    try {
      const listed = await results.list({ jobId, run });
      if (listed) return { ...event, details: { ...details, results: [...listed] } };
      log.error({ jobId, run, count }, 'a list of results is not where its runner said; only its beginning is known');
    } catch (error) {
      if (!hasCode(error, 'RESULTS_UNAVAILABLE') || deliveries < LIST_TRIES) throw error;
      log.error(
        { jobId, run, count, problem: error.message },
        'a list of results can not be read; only its beginning is known',
      );
    }
    return { ...event, details };
  };

  const record = async (message: Message) => {
    const checked = validate(message.body);
    if (!checked.ok) {
      const problem = Object.values(checked.errors).flat().join(' ');
      log.error({ subject: message.subject, problem }, 'an event that can never be applied went to the dead letters');
      await store.write((transaction) => failUnreadable(store, transaction, { message, problem, at: clock.now() }));
      return;
    }
    const { claimedBy, ...told } = checked.value;
    const event = await withAsset(await withWholeList(told, message.deliveries));
    const { jobId, run, attempt, code } = event;
    const claim = claimedBy === undefined ? undefined : { jobId, run, attempt, runnerId: claimedBy };
    const ignored = await store.write((transaction) => {
      if (claim) claims.record(claim);
      return recordEvent(store, transaction, event);
    });
    if (claim) void claims.answer(claim);
    if (ignored === undefined) log.info({ jobId, run, attempt, code }, 'job moved on');
    else log.debug({ jobId, run, attempt, code, reason: ignored }, 'event changes nothing');
  };

  /** Coming again would not change it, and enough of its kind would hold up all others. */
  const setAside = async (message: Message, problem: string) => {
    try {
      await store.write((transaction) => failUnreadable(store, transaction, { message, problem, at: clock.now() }));
      message.ack();
    } catch (error) {
      if (hasCode(error, 'STORE_UNAVAILABLE'))
        return log.warn({ problem: messageOf(error) }, 'events wait for the store');
      log.error({ err: error, subject: message.subject }, 'an event was dropped: not even the dead letters take it');
      message.discard();
    }
  };

  const handle = async (message: Message) => {
    try {
      await record(message);
      message.ack();
    } catch (error) {
      // Not acknowledged: it comes again.
      if (hasCode(error, 'STORE_UNAVAILABLE') || hasCode(error, 'RESULTS_UNAVAILABLE'))
        return log.warn({ problem: messageOf(error) }, 'events wait for the store');
      log.error({ err: error, subject: message.subject }, 'an event that can not be stored went to the dead letters');
      await setAside(message, messageOf(error));
    }
  };

  const read = async () => {
    const messages = pull(bus, {
      stream: STREAMS.events.name,
      consumer: GATEWAY_CONSUMER,
      batchSize: BATCH,
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
