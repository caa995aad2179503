/** What a subscription to statuses begins with, and where it goes on: behind the last cursor that was told. */
import type { ServerFrame, SubscribeFrame } from '../contract/socket.ts';
import type { Kind } from './stream.ts';

/** Which jobs, and from where: a cursor, `start` for all that is kept, or `now` (the default) for a snapshot and what follows. */
export type Which = Omit<SubscribeFrame, 'type' | 'subscription'>;

/**
 * `reset`: what is asked for is not kept any more, a snapshot follows. `caughtUp`: what was before is told, what follows is live.
 * `progress`, `queue` and `counts` tell how things stand and are no part of the order; a busy reader gets fewer of the first two.
 * `removed`, no part of it either: what an ended run had in the engine is gone.
 */
export type StatusFrame = Extract<ServerFrame, { type: StatusFrameType }>;
type StatusFrameType = 'snapshot' | 'event' | 'caughtUp' | 'reset' | 'progress' | 'queue' | 'removed' | 'counts';

const TOLD: ReadonlySet<string> = new Set<StatusFrameType>([
  'snapshot',
  'event',
  'caughtUp',
  'reset',
  'progress',
  'queue',
  'removed',
  'counts',
]);
const DISPENSABLE: ReadonlySet<string> = new Set<StatusFrameType>(['progress', 'queue']);

export function statusKind({ from, ...which }: Which): Kind<StatusFrame> {
  let goOn = from;
  return {
    begin: (subscription) => ({
      type: 'subscribe',
      subscription,
      ...which,
      ...(goOn === undefined ? {} : { from: goOn }),
    }),
    note(frame) {
      if (!isStatusFrame(frame)) return undefined;
      if ('cursor' in frame) goOn = frame.cursor;
      return frame;
    },
    isDispensable: ({ type }) => DISPENSABLE.has(type),
    isLast: () => false,
  };
}

function isStatusFrame(frame: ServerFrame): frame is StatusFrame {
  return TOLD.has(frame.type);
}
