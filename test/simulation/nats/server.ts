/** The fake NATS server: streams, key-value buckets, and subjects that whoever listens just now hears. It may fall, forget, and come back. */
import type { World } from '../world/world.ts';
import { createStream, matches, type Stream } from './stream.ts';

export interface Listening {
  readonly subject: string;
  readonly hear: (subject: string, text: string) => void;
}

export interface BucketEntry {
  readonly text: string;
  readonly revision: number;
}

/** What a connection has at the server; all of it ends with the connection. */
export interface Peer {
  /** Of the process. */
  readonly name: string;
  /** Cut off, or gone. */
  onLost(): void;
}

export interface StreamSettings {
  readonly name: string;
  readonly subjects: readonly string[];
}

export interface NatsServer {
  isUp(): boolean;
  stream(name: string): Stream | undefined;
  /** Finds or makes it. */
  makeStream(config: StreamSettings): Stream;
  settings(name: string): StreamSettings | undefined;
  publish(subject: string, text: string): void;
  /** Undefined if no stream takes the subject. */
  streamOf(subject: string): Stream | undefined;
  bucket(name: string): Map<string, BucketEntry>;
  /** Throws if the last word has another revision than it should; any will do if that is undefined. */
  put(bucket: string, key: string, text: string, previousSeq?: number): void;
  readonly listening: Set<Listening>;
  readonly peers: Set<Peer>;
  /** Falls over; what it lost by that, is `lost`. */
  fall(lost: Loss): void;
  rise(): void;
}

/** `nothing`: killed, the system keeps what it wrote. `tail`: the machine went down, the last writes with it. `everything`: wiped. */
export type Loss = { readonly kind: 'nothing' | 'everything' } | { readonly kind: 'tail'; readonly lastMs: number };

const WRONG_LAST_SEQUENCE = 10_071;

export function createNatsServer(world: World): NatsServer {
  const streams = new Map<string, { readonly stream: Stream; readonly settings: StreamSettings }>();
  const buckets = new Map<string, Map<string, BucketEntry>>();
  const listening = new Set<Listening>();
  const peers = new Set<Peer>();
  let isUp = true;
  let made = 0;
  let revisions = 0;
  /** What a loss of the last words undoes, the last one first. */
  let puts: { readonly at: number; readonly undo: () => void }[] = [];

  const bucket = (name: string) => {
    const found = buckets.get(name) ?? new Map<string, BucketEntry>();
    buckets.set(name, found);
    return found;
  };

  const publish = (subject: string, text: string) => {
    for (const each of listening) if (matches(each.subject, subject)) each.hear(subject, text);
  };

  return {
    isUp: () => isUp,
    stream: (name) => streams.get(name)?.stream,
    settings: (name) => streams.get(name)?.settings,
    makeStream(settings) {
      const { name } = settings;
      const found = streams.get(name)?.stream;
      if (found) return found;
      const stream = createStream(world, `made ${(made += 1)}`);
      streams.set(name, { stream, settings });
      return stream;
    },
    publish,
    streamOf: (subject) =>
      [...streams.values()].find(({ settings }) => settings.subjects.some((filter) => matches(filter, subject)))
        ?.stream,
    bucket,
    put(name, key, text, previousSeq) {
      // As on the real one: who listens hears what was said, whether the bucket takes it or not.
      publish(`$KV.${name}.${key}`, text);
      const last = bucket(name).get(key)?.revision ?? 0;
      if (previousSeq !== undefined && previousSeq !== last)
        throw Object.assign(new Error('wrong last sequence'), { api_error: { err_code: WRONG_LAST_SEQUENCE } });
      const words = bucket(name);
      const before = words.get(key);
      const revision = (revisions += 1);
      words.set(key, { text, revision });
      puts.push({
        at: world.now(),
        undo() {
          if (before) words.set(key, before);
          else words.delete(key);
          // What is said next has the number of what was lost.
          revisions = revision - 1;
        },
      });
    },
    listening,
    peers,
    fall(lost) {
      world.note('nats', `falls, and loses ${lost.kind === 'tail' ? `the last ${lost.lastMs} ms` : lost.kind}`);
      isUp = false;
      listening.clear();
      for (const peer of peers) peer.onLost();
      if (lost.kind === 'everything') {
        streams.clear();
        buckets.clear();
        puts = [];
        revisions = 0;
      }
      if (lost.kind === 'tail') {
        const isLost = ({ at }: { readonly at: number }) => at >= world.now() - lost.lastMs;
        for (const { undo } of puts.filter(isLost).toReversed()) undo();
        puts = puts.filter((put) => !isLost(put));
      }
      for (const { stream } of streams.values())
        stream.loseSince(lost.kind === 'tail' ? world.now() - lost.lastMs : world.now());
    },
    rise() {
      world.note('nats', 'is back');
      isUp = true;
    },
  };
}
