/** What reading a log begins with, and where it goes on: at the byte behind what was told, of the attempt that it is of. */
import type { ServerFrame } from '../contract/socket.ts';
import type { Kind } from './stream.ts';

export interface LogSelection {
  readonly jobId: string;
  /** Bytes from the beginning of the log; below zero, so many before its end. 0 if absent. */
  readonly from?: number;
  /** `false`: end with what is there. Otherwise go on until the job has ended. */
  readonly follow?: boolean;
}

/** `logRestart`: another attempt began a log of its own, forget what came. After `logEnd`, the stream ends. */
export type LogFrame = Extract<ServerFrame, { type: 'log' | 'logRestart' | 'logEnd' }>;

export function logKind({ jobId, from = 0, follow = true }: LogSelection): Kind<LogFrame> {
  let offset = from;
  let attempt: number | undefined;
  return {
    begin: (subscription) => ({
      type: 'logs',
      subscription,
      jobId,
      from: offset,
      follow,
      ...(attempt === undefined ? {} : { attempt }),
    }),
    note(frame) {
      switch (frame.type) {
        case 'log':
          ({ next: offset, attempt } = frame);
          return frame;
        case 'logRestart':
          offset = 0;
          ({ attempt } = frame);
          return frame;
        case 'logEnd':
          return frame;
        default:
          return undefined;
      }
    },
    isDispensable: () => false,
    isLast: ({ type }) => type === 'logEnd',
  };
}
