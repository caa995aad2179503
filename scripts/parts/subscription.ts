/** The live status socket from the consumer's side. */
import { once } from 'node:events';
import type { StatusObject } from '@capstan/shared/contract/api';
import { isEnding, isStatusCode } from '@capstan/shared/contract/status';
import type { ServerFrame, SubscribeFrame } from '@capstan/shared/contract/socket';
import { createMailbox } from './mailbox.ts';

export type EventFrame = Extract<ServerFrame, { type: 'event' }>;
type SnapshotFrame = Extract<ServerFrame, { type: 'snapshot' }>;

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

const ANSWER_LIMIT_MS = 10_000;
const EVENT_LIMIT_MS = 30_000;

export async function subscribe(url: string, which: Omit<SubscribeFrame, 'type'>): Promise<Subscription> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/services/compute/events`);
  const frames = createMailbox<ServerFrame>({ name: 'the live status', keep: 100_000, show: showFrame });
  const listeners = new Set<(event: EventFrame) => void>();
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(String(data)) as ServerFrame;
    frames.put(frame);
    if (frame.type === 'event') for (const listener of listeners) listener(frame);
  });
  const closed = once(socket, 'close');
  socket.addEventListener('close', ({ code, reason }) => frames.end(`the socket closed with ${code} ${reason}`.trim()));
  socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'subscribe', ...which })));

  const close = async () => {
    socket.close();
    await closed;
  };
  const until = (isIt: (event: EventFrame) => boolean, what: string, limitMs = EVENT_LIMIT_MS) =>
    frames.first({ match: (frame) => (frame.type === 'event' && isIt(frame) ? frame : undefined), what, limitMs });

  const snapshot = await frames.first({
    match: (frame) => (frame.type === 'snapshot' ? frame : undefined),
    what: 'snapshot',
    limitMs: ANSWER_LIMIT_MS,
  });
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

function showFrame(frame: ServerFrame): string {
  return frame.type === 'event' ? `event ${frame.cursor}: ${frame.jobId} ${frame.status}` : JSON.stringify(frame);
}
