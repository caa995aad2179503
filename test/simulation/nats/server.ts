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

export interface Watching {
  readonly bucket: string;
  readonly hear: (key: string, text: string) => void;
}

/** What a connection has at the server; all of it ends with the connection. */
export interface Peer {
  /** Of the process. */
  readonly name: string;
  /** Cut off, or gone. */
  onLost(): void;
}

export interface NatsServer {
  isUp(): boolean;
  stream(name: string): Stream | undefined;
  /** Finds or makes it. */
  makeStream(name: string, subjects: readonly string[]): Stream;
  publish(subject: string, text: string): void;
  /** Undefined if no stream takes the subject. */
  streamOf(subject: string): Stream | undefined;
  bucket(name: string): Map<string, BucketEntry>;
  /** Throws if the last word has another revision than it should; any will do if that is undefined. */
  put(bucket: string, key: string, text: string, previousSeq?: number): void;
  readonly listening: Set<Listening>;
  readonly watching: Set<Watching>;
  readonly peers: Set<Peer>;
  /** Falls over; what it lost by that, is `lost`. */
  fall(lost: Loss): void;
  rise(): void;
}

/** `nothing`: killed, the system keeps what it wrote. `tail`: the machine went down, the last writes with it. `everything`: wiped. */
export type Loss = { readonly kind: 'nothing' | 'everything' } | { readonly kind: 'tail'; readonly lastMs: number };

const WRONG_LAST_SEQUENCE = 10_071;

export function createNatsServer(world: World): NatsServer {
  const streams = new Map<string, { readonly stream: Stream; readonly subjects: readonly string[] }>();
  const buckets = new Map<string, Map<string, BucketEntry>>();
  const listening = new Set<Listening>();
  const watching = new Set<Watching>();
  const peers = new Set<Peer>();
  let isUp = true;
  let made = 0;
  let revisions = 0;

  const bucket = (name: string) => {
    const found = buckets.get(name) ?? new Map<string, BucketEntry>();
    buckets.set(name, found);
    return found;
  };

  return {
    isUp: () => isUp,
    stream: (name) => streams.get(name)?.stream,
    makeStream(name, subjects) {
      const found = streams.get(name)?.stream;
      if (found) return found;
      const stream = createStream(world, `made ${(made += 1)}`);
      streams.set(name, { stream, subjects });
      return stream;
    },
    publish(subject, text) {
      for (const each of listening) if (matches(each.subject, subject)) each.hear(subject, text);
    },
    streamOf: (subject) =>
      [...streams.values()].find(({ subjects }) => subjects.some((filter) => matches(filter, subject)))?.stream,
    bucket,
    put(name, key, text, previousSeq) {
      const last = bucket(name).get(key)?.revision ?? 0;
      if (previousSeq !== undefined && previousSeq !== last)
        throw Object.assign(new Error('wrong last sequence'), { api_error: { err_code: WRONG_LAST_SEQUENCE } });
      bucket(name).set(key, { text, revision: (revisions += 1) });
      for (const each of watching) if (each.bucket === name) each.hear(key, text);
    },
    listening,
    watching,
    peers,
    fall(lost) {
      world.note('nats', `falls, and loses ${lost.kind === 'tail' ? `the last ${lost.lastMs} ms` : lost.kind}`);
      isUp = false;
      listening.clear();
      watching.clear();
      for (const peer of peers) peer.onLost();
      if (lost.kind === 'everything') {
        streams.clear();
        buckets.clear();
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
