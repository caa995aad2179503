/** How much one message may be. What may outgrow it is measured before anything depends on it. */
import { CapstanError } from '../contract/errors.ts';
import type { Bus } from './connect.ts';

/** What servers take if nobody has set it, assumed until one has told. */
const USUAL_BYTES = 1_048_576;
/** The server counts headers, too: ours is the id of the message. */
const HEADER_BYTES = 512;

type Sized = Pick<Bus, 'maxPayloadBytes'>;

/** For the JSON of one message. */
export const messageLimitBytes = (bus: Sized): number => (bus.maxPayloadBytes() ?? USUAL_BYTES) - HEADER_BYTES;

export const fits = (bus: Sized, message: unknown): boolean =>
  Buffer.byteLength(JSON.stringify(message)) <= messageLimitBytes(bus);

/** Sending it again would not make it smaller. */
export function tooLarge(bus: Sized, subject: string, sizeBytes: number): CapstanError {
  return new CapstanError(
    'MESSAGE_TOO_LARGE',
    `A message of ${sizeBytes} bytes on ${subject} is more than NATS takes (max_payload: ${bus.maxPayloadBytes() ?? USUAL_BYTES}).`,
  );
}

/**
 * As many of the items, from the first, as leave the message within the limit; undefined where it does not fit without any.
 * `withItems` makes the message of them.
 */
export function mostThatFit<T>(
  bus: Sized,
  items: readonly T[],
  withItems: (some: readonly T[]) => unknown,
): readonly T[] | undefined {
  if (fits(bus, withItems(items))) return items;
  let left = messageLimitBytes(bus) - Buffer.byteLength(JSON.stringify(withItems([])));
  if (left < 0) return undefined;
  let count = 0;
  for (const item of items) {
    left -= Buffer.byteLength(JSON.stringify(item)) + 1;
    if (left < 0) break;
    count += 1;
  }
  return items.slice(0, count);
}
