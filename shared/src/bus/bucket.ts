/** A key-value bucket with a word for each job: the last one counts, repeating it changes nothing, and NATS may lose them all. */
import type { TSchema, Static } from 'typebox';
import type { JobId } from '../contract/ids.ts';
import { parseJobId } from '../contract/ids.ts';
import { messageOf } from '../contract/errors.ts';
import { parseJson } from '../runtime/json.ts';
import type { Log } from '../runtime/log.ts';
import { retry } from '../runtime/retry.ts';
import { compile } from '../schema/validate.ts';
import type { Bus } from './connect.ts';
import { isNotFound } from './not-found.ts';
import { bucketStream, bucketSubject, keyOf } from './subjects.ts';
import { subscribe } from './subscribe.ts';

/** `said`: just now. `stands`: read after a reconnect, and said whenever. */
export type Heard = 'said' | 'stands';

/** What stands, and its place: every word that is said later has a higher one, unless the broker has lost some meanwhile. */
export interface Placed<T> {
  readonly word: T | undefined;
  readonly place: number;
}

export interface WatchOptions<T> {
  readonly onWord: (jobId: JobId, word: T, heard: Heard) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface JobBucket<T> {
  put(bus: Bus, jobId: JobId, word: T): Promise<void>;
  /** Says what `next` makes of the last word, and nobody comes between; undefined leaves it. Resolves to the word that stands then. */
  change(bus: Bus, jobId: JobId, next: (last: T | undefined) => T | undefined): Promise<T | undefined>;
  /** Undefined where nothing was said. */
  get(bus: Bus, jobId: JobId): Promise<T | undefined>;
  /** The same, for whoever must know what was said after something else. */
  getPlaced(bus: Bus, jobId: JobId): Promise<Placed<T>>;
  /**
   * Hears every word until the signal aborts: as they are said, and after each reconnect those that were said meanwhile. One may come twice
   * or late, and one of `change` although somebody else's stands: who hears it decides by what it says.
   */
  watch(bus: Bus, options: WatchOptions<T>): void;
}

export function jobBucket<S extends TSchema>(name: string, schema: S): JobBucket<Static<S>> {
  type Word = Static<S>;
  const validate = compile(schema);
  const bucket = (bus: Bus) => bus.jetStream().views.kv(name, { bindOnly: true, allow_direct: false });

  const parse = (text: string): Word | undefined => {
    const checked = validate(parseJson(text));
    return checked.ok ? checked.value : undefined;
  };

  const getPlaced = async (bus: Bus, jobId: JobId): Promise<Placed<Word>> => {
    const kv = await bucket(bus);
    const entry = await kv.get(jobId);
    const word = entry && entry.operation === 'PUT' ? parse(entry.string()) : undefined;
    return { word, place: entry?.revision ?? 0 };
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
    get: async (bus, jobId) => (await getPlaced(bus, jobId)).word,
    getPlaced,
    watch(bus, { onWord, log, signal }) {
      const filter = bucketSubject(name);
      /** The place of the last word that was read. */
      let readTo = 0;
      let reading = new AbortController();

      const take = (subject: string, text: string, heard: Heard) => {
        const jobId = parseJobId(keyOf(name, subject));
        const word = parse(text);
        if (jobId && word !== undefined) onWord(jobId, word, heard);
      };

      /** One after another: to be pushed to would take a consumer, which may push to anywhere. */
      const readOn = async (over: AbortSignal) => {
        // A broker that lost its last words counts on from an earlier one: what it says then stands before what was read.
        if ((await lastSeq(bus, bucketStream(name))) < readTo) readTo = 0;
        while (!over.aborted) {
          const word = await nextWord(bus, bucketStream(name), { seq: readTo + 1, next_by_subj: filter });
          if (!word || over.aborted) return;
          readTo = word.seq;
          take(word.subject, word.text, 'stands');
        }
      };
      const restart = ({ isFresh }: { readonly isFresh: boolean }) => {
        reading.abort();
        reading = new AbortController();
        const over = AbortSignal.any([signal, reading.signal]);
        if (isFresh) readTo = 0;
        retry(() => readOn(over), { signal: over, maxDelayMs: 1_000 }).catch((error: unknown) => {
          if (!over.aborted) log.warn({ bucket: name, problem: messageOf(error) }, 'lost sight until NATS reconnects');
        });
      };

      subscribe(bus, {
        subject: filter,
        signal,
        onMessage: (message) => take(message.subject, message.string(), 'said'),
      });
      signal.addEventListener('abort', bus.onConnected(restart), { once: true });
      if (bus.isConnected()) restart({ isFresh: false });
    },
  };
}

async function lastSeq(bus: Bus, stream: string): Promise<number> {
  const manager = await bus.jetStream().jetstreamManager(false);
  return (await manager.streams.info(stream)).state.last_seq;
}

interface Place {
  readonly seq: number;
  readonly next_by_subj: string;
}

async function nextWord(bus: Bus, stream: string, place: Place) {
  try {
    const manager = await bus.jetStream().jetstreamManager(false);
    const message = await manager.streams.getMessage(stream, place);
    return { seq: message.seq, subject: message.subject, text: message.string() };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const WRONG_LAST_SEQUENCE = 10_071;

function isOvertaken(error: unknown): boolean {
  return (error as { api_error?: { err_code?: number } }).api_error?.err_code === WRONG_LAST_SEQUENCE;
}
