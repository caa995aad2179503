/** A broadcast frame: what is told, turned into text once, and into bytes once for each way of sending it, however many listen. */
import { statusText } from '@capstan/shared/contract/status';
import type { StatusObject } from '@capstan/shared/contract/api';
import { smallOf } from '../status/small.ts';
import type { LiveEvent } from './event-source.ts';

/** How frames are put on a connection. Of `cursor`, one can go on later. */
export type Form = (text: string, type: string, cursor: number | undefined) => Buffer;

export interface Shared {
  /** The frame for a subscription of this name. The same bytes for all that share form and name: nobody may change them. */
  bytes(form: Form, subscription: string): Buffer;
}

/** Of an event. */
export interface BroadcastFrame extends Shared {
  readonly cursor: number;
  /** The same without what is of no use yet, for who asks for it. */
  readonly small: Shared & { readonly cursor: number };
}

export function createBroadcastFrame(
  { cursor, event }: Pick<LiveEvent, 'cursor' | 'event'>,
  status: () => StatusObject,
): BroadcastFrame {
  const body = (job: StatusObject) => ({
    cursor,
    jobId: event.jobId,
    run: event.run,
    attempt: event.attempt,
    status: event.code,
    statusText: statusText(event.code),
    at: event.at / 1000,
    job,
  });
  let known: StatusObject | undefined;
  const job = () => (known ??= status());
  return {
    cursor,
    ...createShared({ type: 'event', cursor, body: () => body(job()) }),
    small: { cursor, ...createShared({ type: 'event', cursor, body: () => body(smallOf(job(), event.code)) }) },
  };
}

/** How a job stands between its events: no part of their order. */
export function createHint(type: 'progress' | 'queue' | 'removed', hint: object): Shared {
  return createShared({ type, cursor: undefined, body: () => hint });
}

interface SharedFrame {
  readonly type: string;
  readonly cursor: number | undefined;
  readonly body: () => object;
}

function createShared({ type, cursor, body }: SharedFrame): Shared {
  const made = new Map<Form, Map<string, Buffer>>();
  let rest: string | undefined;

  const make = (form: Form, subscription: string) => {
    rest ??= JSON.stringify(body()).slice(1);
    return form(`{"type":"${type}","subscription":${JSON.stringify(subscription)},${rest}`, type, cursor);
  };

  return {
    bytes(form, subscription) {
      let byName = made.get(form);
      if (!byName) made.set(form, (byName = new Map()));
      let bytes = byName.get(subscription);
      if (!bytes) byName.set(subscription, (bytes = make(form, subscription)));
      return bytes;
    },
  };
}
