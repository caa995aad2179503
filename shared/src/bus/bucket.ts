/** A key-value bucket with a word for each job: the last one counts, repeating it changes nothing, and NATS may lose them all. */
import type { TSchema, Static } from 'typebox';
import type { JobId } from '../contract/ids.ts';
import { parseJobId } from '../contract/ids.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { compile } from '../validate.ts';
import type { Bus } from './connect.ts';

/** Long past any redelivery; whoever wrote it knows for good. */
const KEEP_MS = 7 * 24 * 3_600_000;

export interface WatchOptions<T> {
  readonly onWord: (jobId: JobId, word: T) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface JobBucket<T> {
  put(bus: Bus, jobId: JobId, word: T): Promise<void>;
  /** Says what `next` makes of the last word, and nobody comes between; undefined leaves it. Resolves to the word that stands then. */
  change(bus: Bus, jobId: JobId, next: (last: T | undefined) => T | undefined): Promise<T | undefined>;
  /** Undefined where nothing was said. */
  get(bus: Bus, jobId: JobId): Promise<T | undefined>;
  /** Hears every word, the last one of each job first, until the signal aborts. Starts anew at every reconnect. */
  watch(bus: Bus, options: WatchOptions<T>): void;
}

export function jobBucket<S extends TSchema>(name: string, schema: S): JobBucket<Static<S>> {
  type Word = Static<S>;
  const validate = compile(schema);
  const bucket = (bus: Bus) => bus.jetStream().views.kv(name, { history: 1, ttl: KEEP_MS });

  const parse = (text: string): Word | undefined => {
    try {
      const checked = validate(JSON.parse(text));
      return checked.ok ? checked.value : undefined;
    } catch {
      return undefined;
    }
  };

  return {
    async put(bus, jobId, word) {
      const kv = await bucket(bus);
      await kv.put(jobId, JSON.stringify(word));
    },
    async change(bus, jobId, next) {
      const kv = await bucket(bus);
      for (;;) {
        const entry = await kv.get(jobId);
        const last = entry && entry.operation === 'PUT' ? parse(entry.string()) : undefined;
        const word = next(last);
        if (word === undefined) return last;
        try {
          await kv.put(jobId, JSON.stringify(word), { previousSeq: entry?.revision ?? 0 });
          return word;
        } catch (error) {
          // Somebody else said something meanwhile: look again.
          if (!isOvertaken(error)) throw error;
        }
      }
    },
    async get(bus, jobId) {
      const kv = await bucket(bus);
      const entry = await kv.get(jobId);
      return entry && entry.operation === 'PUT' ? parse(entry.string()) : undefined;
    },
    watch(bus, { onWord, log, signal }) {
      let stopCurrent: (() => void) | undefined;

      const watch = async () => {
        const kv = await bucket(bus);
        const updates = await kv.watch();
        stopCurrent = () => updates.stop();
        if (signal.aborted) updates.stop();
        for await (const entry of updates) {
          const jobId = parseJobId(entry.key);
          const word = entry.operation === 'PUT' ? parse(entry.string()) : undefined;
          if (jobId && word !== undefined) onWord(jobId, word);
        }
      };
      const restart = () => {
        stopCurrent?.();
        watch().catch((error: unknown) => {
          if (!signal.aborted)
            log.warn({ bucket: name, problem: messageOf(error) }, 'lost sight until NATS reconnects');
        });
      };

      const forget = bus.onConnected(restart);
      const stop = () => {
        forget();
        stopCurrent?.();
      };
      signal.addEventListener('abort', stop, { once: true });
      if (bus.isConnected()) restart();
    },
  };
}

const WRONG_LAST_SEQUENCE = 10_071;

function isOvertaken(error: unknown): boolean {
  return (error as { api_error?: { err_code?: number } }).api_error?.err_code === WRONG_LAST_SEQUENCE;
}
