/** Live status from the consumer's side, with all that came at hand. Goes on by itself when the gateway is started again. */
import { connect } from '@capstan/shared/client/connect';
import type { StatusFrame, Which } from '@capstan/shared/client/status-stream';
import type { StatusObject } from '@capstan/shared/contract/api';
import { isEnding, isStatusCode } from '@capstan/shared/contract/status';
import { messageOf } from '@capstan/shared/contract/errors';
import { createMailbox } from './mailbox.ts';

export type EventFrame = Extract<StatusFrame, { type: 'event' }>;
type SnapshotFrame = Extract<StatusFrame, { type: 'snapshot' }>;

export interface Subscription extends AsyncDisposable {
  readonly snapshot: SnapshotFrame;
  /** Every event so far, in the node's order. */
  events(): readonly EventFrame[];
  /** Hears every event from now on. */
  onEvent(listener: (event: EventFrame) => void): void;
  /** The first event that `isIt`, seen already or from now on. */
  until(isIt: (event: EventFrame) => boolean, what: string, limitMs?: number): Promise<EventFrame>;
  /** The event that ended the job. */
  ended(jobId: string, limitMs?: number): Promise<EventFrame>;
  close(): Promise<void>;
}

const ANSWER_LIMIT_MS = 60_000;
const EVENT_LIMIT_MS = 60_000;

export async function subscribe(url: string, which: Which): Promise<Subscription> {
  const node = connect(url);
  const frames = createMailbox<StatusFrame>({ name: 'the live status', keep: 100_000, show: showFrame });
  const listeners = new Set<(event: EventFrame) => void>();
  const hear = async () => {
    for await (const frame of node.subscribe(which)) {
      frames.put(frame);
      if (frame.type === 'event') for (const listener of listeners) listener(frame);
    }
    frames.end('the subscription was closed');
  };
  const heard = hear().catch((error: unknown) => frames.end(messageOf(error)));

  const close = async () => {
    node.close();
    await heard;
  };
  const until = (isIt: (event: EventFrame) => boolean, what: string, limitMs = EVENT_LIMIT_MS) =>
    frames.first({ match: (frame) => (frame.type === 'event' && isIt(frame) ? frame : undefined), what, limitMs });

  const untilSnapshot = async () => {
    try {
      return await frames.first({
        match: (frame) => (frame.type === 'snapshot' ? frame : undefined),
        what: 'snapshot',
        limitMs: ANSWER_LIMIT_MS,
      });
    } catch (error) {
      await close();
      throw error;
    }
  };
  const snapshot = await untilSnapshot();
  return {
    snapshot,
    events: () => frames.items().filter((frame) => frame.type === 'event'),
    onEvent: (listener) => void listeners.add(listener),
    until,
    ended: (jobId, limitMs) =>
      until((event) => event.jobId === jobId && hasEnded(event.job), 'end of the job', limitMs),
    close,
    [Symbol.asyncDispose]: close,
  };
}

export function hasEnded(job: StatusObject): boolean {
  return isStatusCode(job.status) && isEnding(job.status);
}

function showFrame(frame: StatusFrame): string {
  return frame.type === 'event' ? `event ${frame.cursor}: ${frame.jobId} ${frame.status}` : JSON.stringify(frame);
}
