/** A stream of the fake NATS server, as JetStream keeps work queues: acknowledged messages are gone, repetitions are dropped for a while. */
import type { World } from '../world/world.ts';

const DUPLICATE_WINDOW_MS = 120_000;

export interface Stored {
  readonly seq: number;
  readonly subject: string;
  readonly text: string;
  readonly at: number;
}

export interface Delivery extends Stored {
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
}

export interface PullRequest {
  left: number;
  readonly deliver: (delivery: Delivery) => void;
}

export interface ConsumerOptions {
  readonly name: string;
  readonly filter: string;
  readonly ackWaitMs: number;
  readonly maxUnacked: number;
}

interface Consumer extends ConsumerOptions {
  readonly pending: Map<number, { cancel(): void }>;
  readonly deliveries: Map<number, number>;
  readonly requests: Set<PullRequest>;
}

export interface Stream {
  /** Other for each time that it was made. */
  readonly created: string;
  publish(message: { readonly subject: string; readonly text: string; readonly messageId: string | undefined }): void;
  addConsumer(options: ConsumerOptions): void;
  hasConsumer(name: string): boolean;
  consumer(name: string): ConsumerOptions | undefined;
  request(consumer: string, request: PullRequest): void;
  withdraw(consumer: string, request: PullRequest): void;
  acknowledge(consumer: string, seq: number, kind: 'ack' | 'nak' | 'term' | 'working'): void;
  /** As after a crash of the machine: what was stored since then was never written, and what was acknowledged is there again. */
  loseSince(at: number): void;
  size(): number;
}

export function createStream(world: World, created: string): Stream {
  const messages = new Map<number, Stored>();
  let gone: { readonly message: Stored; readonly goneAt: number }[] = [];
  const ids = new Map<string, number>();
  const consumers = new Map<string, Consumer>();
  let lastSeq = 0;

  const deliverWhatFits = (consumer: Consumer) => {
    for (const request of consumer.requests) {
      while (request.left > 0) {
        const message = next(consumer);
        if (!message) return;
        request.left -= 1;
        const deliveries = (consumer.deliveries.get(message.seq) ?? 0) + 1;
        consumer.deliveries.set(message.seq, deliveries);
        hold(consumer, message.seq);
        request.deliver({ ...message, deliveries });
      }
      consumer.requests.delete(request);
    }
  };

  const next = ({ pending, filter, maxUnacked }: Consumer) => {
    if (pending.size >= maxUnacked) return undefined;
    for (const message of messages.values())
      if (!pending.has(message.seq) && matches(filter, message.subject)) return message;
    return undefined;
  };

  const hold = (consumer: Consumer, seq: number) => {
    consumer.pending.get(seq)?.cancel();
    consumer.pending.set(
      seq,
      world.after(consumer.ackWaitMs, () => giveBack(consumer, seq)),
    );
  };

  const giveBack = (consumer: Consumer, seq: number) => {
    consumer.pending.get(seq)?.cancel();
    consumer.pending.delete(seq);
    deliverWhatFits(consumer);
  };

  const remove = (consumer: Consumer, seq: number) => {
    const message = messages.get(seq);
    if (message) gone.push({ message, goneAt: world.now() });
    messages.delete(seq);
    consumer.pending.get(seq)?.cancel();
    consumer.pending.delete(seq);
    deliverWhatFits(consumer);
  };

  return {
    created,
    publish({ subject, text, messageId }) {
      const before = messageId === undefined ? undefined : ids.get(messageId);
      if (before !== undefined && world.now() - before < DUPLICATE_WINDOW_MS) return;
      if (messageId !== undefined) ids.set(messageId, world.now());
      lastSeq += 1;
      messages.set(lastSeq, { seq: lastSeq, subject, text, at: world.now() });
      for (const consumer of consumers.values()) deliverWhatFits(consumer);
    },
    addConsumer(options) {
      if (consumers.has(options.name)) return;
      consumers.set(options.name, { ...options, pending: new Map(), deliveries: new Map(), requests: new Set() });
    },
    hasConsumer: (name) => consumers.has(name),
    consumer: (name) => consumers.get(name),
    request(name, request) {
      const consumer = consumers.get(name);
      if (!consumer) return;
      consumer.requests.add(request);
      deliverWhatFits(consumer);
    },
    withdraw: (name, request) => void consumers.get(name)?.requests.delete(request),
    acknowledge(name, seq, kind) {
      const consumer = consumers.get(name);
      // As the server has it: known by its number in the stream and nothing else.
      if (!consumer?.pending.has(seq)) return;
      switch (kind) {
        case 'ack':
        case 'term':
          return remove(consumer, seq);
        case 'nak':
          return giveBack(consumer, seq);
        case 'working':
          return hold(consumer, seq);
      }
    },
    loseSince(at) {
      for (const { seq, at: storedAt } of messages.values()) if (storedAt >= at) messages.delete(seq);
      for (const { message, goneAt } of gone) if (goneAt >= at && message.at < at) messages.set(message.seq, message);
      gone = [];
      for (const [id, seenAt] of ids) if (seenAt >= at) ids.delete(id);
      const ordered = [...messages.values()].toSorted((a, b) => a.seq - b.seq);
      messages.clear();
      for (const message of ordered) messages.set(message.seq, message);
      lastSeq = ordered.at(-1)?.seq ?? 0;
      for (const consumer of consumers.values()) {
        for (const { cancel } of consumer.pending.values()) cancel();
        consumer.pending.clear();
        consumer.requests.clear();
        deliverWhatFits(consumer);
      }
    },
    size: () => messages.size,
  };
}

export function matches(filter: string, subject: string): boolean {
  const [wanted, given] = [filter.split('.'), subject.split('.')];
  const isOpen = wanted.at(-1) === '>' && given.length >= wanted.length;
  const parts = isOpen ? wanted.slice(0, -1) : wanted;
  if (!isOpen && wanted.length !== given.length) return false;
  return parts.every((part, index) => part === '*' || part === given[index]);
}
