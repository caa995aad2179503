/**
 * What the broker must have: two streams, two buckets, and a consumer for whoever takes messages. Made in one step by the gateway, or by
 * `npm run broker-setup`; afterwards nobody needs the right to make anything. NATS may lose all of it: then it is made anew.
 */
import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type ConsumerInfo,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
  nanos,
} from 'nats';
import type { EnvironmentId } from '../contract/ids.ts';
import { messageOf } from '../contract/errors.ts';
import type { Log } from '../runtime/log.ts';
import { ensureConsumers } from './consumers.ts';
import { isNotFound } from './not-found.ts';
import { ALL_BUCKETS, bucketStream, bucketSubject, STARTED_BUCKET, STREAMS } from './subjects.ts';

const DUPLICATE_WINDOW_MS = 120_000;
/** Of a word in a bucket: long past any redelivery; whoever wrote it knows for good. */
const KEEP_WORDS_MS = 7 * 24 * 3_600_000;
/** A word is a hundred bytes or so. */
const MAX_WORD_BYTES = 1_024;
/**
 * Of the words that runners say, room for half a million: what one of them fills is no room of the commands. Whoever has a word there
 * already may go on saying it, so leases are renewed.
 */
const MAX_STARTED_BYTES = 128 * 1_024 * 1_024;

type Wanted = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects'>;

const stream = ({ name, subjects }: (typeof STREAMS)[keyof typeof STREAMS]): Wanted => ({
  name,
  subjects: [...subjects],
  // Gone once the runner acks at the job's end, or the gateway after its commit.
  retention: RetentionPolicy.Workqueue,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  duplicate_window: nanos(DUPLICATE_WINDOW_MS),
});

const bucket = (name: string): Wanted => ({
  name: bucketStream(name),
  subjects: [bucketSubject(name)],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  max_msgs_per_subject: 1,
  max_age: nanos(KEEP_WORDS_MS),
  max_msg_size: MAX_WORD_BYTES,
  ...(name === STARTED_BUCKET ? { max_bytes: MAX_STARTED_BYTES } : {}),
  allow_rollup_hdrs: true,
  // A word that is handed out as it is could be made to land on any subject: it is only given wrapped.
  allow_direct: false,
});

const wanted: readonly Wanted[] = [...Object.values(STREAMS).map(stream), ...ALL_BUCKETS.map(bucket)];
const OWN = new Set(wanted.map(({ name }) => name));

/** What would let a stream speak, or take, on subjects that are not its own. */
const NEVER = ['mirror', 'sources', 'republish', 'subject_transform', 'sealed', 'no_ack'] as const;

export interface Streams {
  /** Other than before: a stream was made anew meanwhile, by whomever. */
  readonly generation: string;
  /** A stream was not there and had to be made. */
  readonly isMade: boolean;
}

/** For whoever makes nothing: undefined as long as something is missing. */
export async function findStreams(manager: JetStreamManager): Promise<Streams | undefined> {
  const found = [];
  for (const { name } of wanted) {
    const info = await infoOf(manager, name);
    if (!info) return undefined;
    found.push(info.created);
  }
  return { generation: found.join(' '), isMade: false };
}

interface Making {
  /** Those that commands are sent to. */
  readonly environments: readonly EnvironmentId[];
  readonly log: Log;
}

export async function ensureStreams(manager: JetStreamManager, { environments, log }: Making): Promise<Streams> {
  const created: string[] = [];
  let isMade = false;
  for (const config of wanted) {
    const found = await infoOf(manager, config.name);
    const kept = found && (await mended(manager, { found, config, log }));
    if (!kept) isMade = true;
    created.push((kept ?? (await manager.streams.add(config))).created);
  }
  await ensureConsumers(manager, environments);
  return { generation: created.join(' '), isMade };
}

/** As it should be, or undefined if it had to go: NATS carries and does not keep, so that nothing is lost by it. */
async function mended(
  manager: JetStreamManager,
  { found, config, log }: { found: StreamInfo; config: Wanted; log: Log },
): Promise<StreamInfo | undefined> {
  const differing = differences(found.config, config);
  if (differing.length === 0) return found;
  const { name } = config;
  log.warn({ stream: name, differing }, 'a stream is not as it should be; setting it right');
  try {
    const updated = await manager.streams.update(name, { ...config });
    if (differences(updated.config, config).length === 0) return updated;
  } catch (error) {
    log.debug({ stream: name, problem: messageOf(error) }, 'a stream could not be changed');
  }
  log.warn({ stream: name }, 'a stream can not be set right; making it anew');
  await manager.streams.delete(name);
  return undefined;
}

function differences(is: StreamConfig, config: Wanted): readonly string[] {
  const actual = is as unknown as Readonly<Record<string, unknown>>;
  const wrong = Object.entries(config).filter(([key, value]) => JSON.stringify(actual[key]) !== JSON.stringify(value));
  const foreign = NEVER.filter((key) => Boolean(actual[key]));
  return [...wrong.map(([key]) => key).filter((key) => !isDefault(actual[key], config, key)), ...foreign];
}

/** Servers leave out what is false. */
const isDefault = (actual: unknown, config: Wanted, key: string) =>
  actual === undefined && (config as unknown as Readonly<Record<string, unknown>>)[key] === false;

/**
 * What others have put beside ours: streams that copy ours or speak on our subjects, and consumers of ours that push what they are given
 * to a subject of somebody's choice. Ours only ever pull.
 */
export async function findStrangers(manager: JetStreamManager): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { config } of manager.streams.list()) {
    if (OWN.has(config.name)) {
      for await (const consumer of manager.consumers.list(config.name)) {
        if (isStrange(consumer)) found.push(`consumer ${consumer.name} of ${config.name}`);
      }
    } else if (reachesOurs(config)) found.push(`stream ${config.name}`);
  }
  return found;
}

/** Runners of older versions watch the buckets by consumers that push to their inbox. */
const isStrange = ({ config: { deliver_subject: subject } }: ConsumerInfo) =>
  subject !== undefined && !subject.startsWith('_INBOX');

function reachesOurs({ mirror, sources, republish }: StreamConfig): boolean {
  const copied = [mirror?.name, ...(sources ?? []).map(({ name }) => name)];
  return copied.some((name) => name !== undefined && OWN.has(name)) || republish !== undefined;
}

async function infoOf(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
