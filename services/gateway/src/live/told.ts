/** One event as it is told: turned into text once, and into bytes once for each way of sending it, however many listen. */
import { statusText } from '@capstan/shared/contract/status';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { LiveEvent } from '../jobs/live.ts';

/** How frames are put on a connection. Of `cursor`, one can go on later. */
export type Form = (text: string, type: string, cursor: number | undefined) => Buffer;

export interface Told {
  readonly cursor: number;
  /** The event's frame for a subscription of this name. The same bytes for all that share form and name: nobody may change them. */
  bytes(form: Form, subscription: string): Buffer;
}

export function createTold({ cursor, event }: Pick<LiveEvent, 'cursor' | 'event'>, status: () => StatusObject): Told {
  const made = new Map<Form, Map<string, Buffer>>();
  let rest: string | undefined;

  const make = (form: Form, subscription: string) => {
    rest ??= JSON.stringify({
      cursor,
      jobId: event.jobId,
      run: event.run,
      attempt: event.attempt,
      status: event.code,
      statusText: statusText(event.code),
      at: event.at / 1000,
      job: status(),
    }).slice(1);
    return form(`{"type":"event","subscription":${JSON.stringify(subscription)},${rest}`, 'event', cursor);
  };

  return {
    cursor,
    bytes(form, subscription) {
      let byName = made.get(form);
      if (!byName) made.set(form, (byName = new Map()));
      let bytes = byName.get(subscription);
      if (!bytes) byName.set(subscription, (bytes = make(form, subscription)));
      return bytes;
    },
  };
}
