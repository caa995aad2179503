/** What the gateway wants of each job, as a key-value bucket: the last word counts, repeating it changes nothing. */
import type { KV } from 'nats';
import type { JobId } from '../contract/ids.ts';
import { parseJobId } from '../contract/ids.ts';
import { DesiredSchema, type Desired } from '../contract/messages.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { compile } from '../validate.ts';
import type { Bus } from './connect.ts';
import { DESIRED_BUCKET } from './subjects.ts';

/** Long past any redelivery; the gateway's store knows for good. */
const KEEP_MS = 7 * 24 * 3_600_000;
const validate = compile(DesiredSchema);

function bucket(bus: Bus): Promise<KV> {
  return bus.jetStream().views.kv(DESIRED_BUCKET, { history: 1, ttl: KEEP_MS });
}

export async function putDesired(bus: Bus, jobId: JobId, desired: Omit<Desired, 'v'>): Promise<void> {
  const kv = await bucket(bus);
  await kv.put(jobId, JSON.stringify({ v: 1, ...desired }));
}

/** Undefined where the gateway said nothing, which means: run it. */
export async function getDesired(bus: Bus, jobId: JobId): Promise<Desired | undefined> {
  const kv = await bucket(bus);
  const entry = await kv.get(jobId);
  return entry && entry.operation === 'PUT' ? parse(entry.string()) : undefined;
}

interface WatchOptions {
  readonly onDesired: (jobId: JobId, desired: Desired) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Hears every word of the gateway, the last one of each job first, until the signal aborts. Starts anew at every reconnect. */
export function watchDesired(bus: Bus, { onDesired, log, signal }: WatchOptions): void {
  let stopCurrent: (() => void) | undefined;

  const watch = async () => {
    const kv = await bucket(bus);
    const updates = await kv.watch();
    stopCurrent = () => updates.stop();
    if (signal.aborted) updates.stop();
    for await (const entry of updates) {
      const jobId = parseJobId(entry.key);
      const desired = entry.operation === 'PUT' ? parse(entry.string()) : undefined;
      if (jobId && desired) onDesired(jobId, desired);
    }
  };

  const restart = () => {
    stopCurrent?.();
    watch().catch((error: unknown) => {
      if (!signal.aborted)
        log.warn({ problem: messageOf(error) }, 'lost sight of desired states until NATS reconnects');
    });
  };

  const forget = bus.onConnected(restart);
  signal.addEventListener(
    'abort',
    () => {
      forget();
      stopCurrent?.();
    },
    { once: true },
  );
  if (bus.isConnected()) restart();
}

function parse(text: string): Desired | undefined {
  try {
    const checked = validate(JSON.parse(text));
    return checked.ok ? checked.value : undefined;
  } catch {
    return undefined;
  }
}
