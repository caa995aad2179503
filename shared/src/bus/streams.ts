/** Makes sure that the streams are there. NATS may have lost them: whoever connects makes them anew. */
import { DiscardPolicy, RetentionPolicy, StorageType, type JetStreamManager, type StreamConfig, nanos } from 'nats';
import { STREAMS } from './subjects.ts';

const STREAM_NOT_FOUND = 10_059;
const DUPLICATE_WINDOW_MS = 120_000;

type Wanted = Pick<StreamConfig, 'name' | 'subjects' | 'retention' | 'storage' | 'discard' | 'duplicate_window'>;

const wanted: readonly Wanted[] = [
  {
    name: STREAMS.jobs.name,
    subjects: [...STREAMS.jobs.subjects],
    // Each command goes to one runner and is gone once that runner acks it at the job's end.
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  },
  {
    name: STREAMS.events.name,
    subjects: [...STREAMS.events.subjects],
    // Gone once the gateway acks, which it does after its commit.
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  },
];

export interface Streams {
  /** Other than before: a stream was made anew meanwhile, by whomever. */
  readonly generation: string;
  /** A stream was not there and had to be made. */
  readonly isMade: boolean;
}

export async function ensureStreams(manager: JetStreamManager): Promise<Streams> {
  const created: string[] = [];
  let isMade = false;
  for (const config of wanted) {
    try {
      created.push((await manager.streams.info(config.name)).created);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      created.push((await manager.streams.add(config)).created);
      isMade = true;
    }
  }
  return { generation: created.join(' '), isMade };
}

function isNotFound(error: unknown): boolean {
  const api = (error as { api_error?: { err_code?: number; code?: number } }).api_error;
  return api?.err_code === STREAM_NOT_FOUND || api?.code === 404;
}
