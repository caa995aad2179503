/** Answers that stay open, streams and long polls: how many there may be, and that all of them end when the node stops. */
import type { Context } from 'koa';
import type { Service } from '@capstan/shared/runtime/service';
import type { TakePlace } from '../limits/connection-limit.ts';
import { networkIn } from './limits.ts';

export interface OpenAnswer extends Disposable {
  /** Aborted when the client is gone, and when the node stops. */
  readonly signal: AbortSignal;
}

export interface OpenAnswers extends Service {
  /** Throws TOO_MANY_REQUESTS. Disposed when the answer is complete. */
  open(ctx: Context): OpenAnswer;
}

interface OpenAnswersOptions {
  readonly takePlace: TakePlace;
}

export function createOpenAnswers({ takePlace }: OpenAnswersOptions): OpenAnswers {
  const open = new Set<AbortController>();
  let isStopped = false;

  return {
    name: 'open answers',
    start: () => Promise.resolve(),
    stop() {
      isStopped = true;
      for (const answer of open) answer.abort();
      return Promise.resolve();
    },
    open(ctx) {
      const leave = takePlace(networkIn(ctx));
      const answer = new AbortController();
      open.add(answer);
      if (isStopped) answer.abort();
      const gone = () => answer.abort();
      ctx.res.once('close', gone);
      return {
        signal: answer.signal,
        [Symbol.dispose]() {
          leave();
          open.delete(answer);
          ctx.res.off('close', gone);
        },
      };
    },
  };
}
