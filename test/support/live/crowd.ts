/** Thousands of subscribers, from a process of their own, that each keep account of what they are told. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Arrivals, Opening, Order, Report } from './crowd-messages.ts';

export interface Crowd extends AsyncDisposable {
  /** Resolves when all are connected and, if they subscribe, have caught up. */
  open(opening: Omit<Opening, 'do'>): Promise<void>;
  /** Resolves when every one has the event of this cursor, or a later one. */
  until(cursor: number): Promise<void>;
  report(): Promise<Report>;
  /** Those who did not read do; resolves when all connections are gone. */
  listen(): Promise<void>;
  arrivals(cursor: number): Promise<readonly number[]>;
}

const LIMIT_MS = 120_000;

export async function gatherCrowd(): Promise<Crowd> {
  const program = fork(join(import.meta.dirname, 'crowd-program.ts'), { stdio: 'inherit' });
  await once(program, 'spawn');

  /** One at a time: an answer belongs to the order before it. */
  const tell = async (order: Order): Promise<unknown> => {
    const limit = AbortSignal.timeout(LIMIT_MS);
    const answered = once(program, 'message', { signal: limit });
    program.send(order);
    try {
      const [{ answer }] = (await answered) as [{ readonly answer?: unknown }];
      return answer;
    } catch (error) {
      throw new Error(`the crowd did not answer to ${JSON.stringify(order)} within ${LIMIT_MS / 1000} s`, {
        cause: error,
      });
    }
  };

  return {
    open: async (opening) => void (await tell({ do: 'open', ...opening })),
    until: async (cursor) => void (await tell({ do: 'await', cursor })),
    report: async () => (await tell({ do: 'report' })) as Report,
    listen: async () => void (await tell({ do: 'listen' })),
    arrivals: async (cursor) => ((await tell({ do: 'arrivals', cursor })) as Arrivals).atMs,
    async [Symbol.asyncDispose]() {
      const exited = once(program, 'exit');
      program.send({ do: 'leave' } satisfies Order);
      await exited;
    },
  };
}
