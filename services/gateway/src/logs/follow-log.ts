/** A log over a socket: the next frame is made when the client has read most of those before, so a slow one costs no memory. */
import type { LogsFrame } from '@capstan/shared/contract/log-frames';
import type { Outlet } from '../live/outlet.ts';
import { logFrames } from './log-frames.ts';
import type { OpenLog } from './log.ts';

interface FollowingLog {
  readonly subscription: string;
  readonly frame: LogsFrame;
  readonly log: OpenLog;
  readonly outlet: Pick<Outlet, 'send' | 'ready'>;
  readonly signal: AbortSignal;
}

/** Resolves when all is told, or the signal aborts. */
export async function followLog({ subscription, frame, log, outlet, signal }: FollowingLog): Promise<void> {
  const { from = 0, attempt, follow = true } = frame;
  for await (const told of logFrames(log, { from, attempt, follow }, signal)) {
    if (signal.aborted) return;
    const { type, ...rest } = told;
    outlet.send({ type, subscription, ...rest } as Parameters<Outlet['send']>[0]);
    await outlet.ready();
  }
}
