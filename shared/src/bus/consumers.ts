/** Durable consumers: one of the gateway's, one for each environment that all its runners share. */
import { AckPolicy, DeliverPolicy, type JetStreamManager, nanos } from 'nats';
import type { EnvironmentId } from '../contract/ids.ts';
import { isNotFound } from './not-found.ts';
import { environmentConsumer, GATEWAY_CONSUMER, startSubject, STREAMS } from './subjects.ts';

export interface ConsumerPlace {
  readonly stream: string;
  readonly consumer: string;
}

export interface NewConsumer extends ConsumerPlace {
  readonly subject: string;
  /** After this time without ack or `working()` the message goes to the next who asks. */
  readonly ackWaitMs: number;
  readonly maxUnacked: number;
}

/** Events wait for a commit; also the most that share one, twice over. */
const GATEWAY: NewConsumer = {
  stream: STREAMS.events.name,
  consumer: GATEWAY_CONSUMER,
  subject: STREAMS.events.subjects[0],
  ackWaitMs: 10_000,
  maxUnacked: 1_000,
};

const ofEnvironment = (environment: EnvironmentId): NewConsumer => ({
  stream: STREAMS.jobs.name,
  consumer: environmentConsumer(environment),
  subject: startSubject(environment),
  // A command whose runner died is delivered again after this time.
  ackWaitMs: 3_000,
  // All runners of an environment together.
  maxUnacked: 10_000,
});

export async function ensureConsumers(manager: JetStreamManager, environments: readonly EnvironmentId[]) {
  for (const consumer of [GATEWAY, ...environments.map(ofEnvironment)]) await addConsumer(manager, consumer);
}

export const ensureEnvironmentConsumer = (manager: JetStreamManager, environment: EnvironmentId) =>
  addConsumer(manager, ofEnvironment(environment));

/** Leaves one that is there as it is; needs no right to make any then. */
export async function addConsumer(manager: JetStreamManager, wanted: NewConsumer): Promise<void> {
  const { stream, consumer, subject, ackWaitMs, maxUnacked } = wanted;
  const found = await infoOf(manager, wanted);
  if (found) {
    // One that pushes to where somebody wants, or takes other subjects than its own, is none of ours.
    if (found.config.deliver_subject === undefined && found.config.filter_subject === subject) return;
    await manager.consumers.delete(stream, consumer);
  }
  await manager.consumers.add(stream, {
    durable_name: consumer,
    filter_subject: subject,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: maxUnacked,
  });
}

async function infoOf(manager: JetStreamManager, { stream, consumer }: ConsumerPlace) {
  try {
    return await manager.consumers.info(stream, consumer);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
