/** The process of the followers: see `followers.ts`. */
import { once } from 'node:events';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import type { LogFrames } from '../../support/gateway/log-follower.ts';
import { openRawSocket } from '../../support/live/raw-socket.ts';
import type { Followed, Following } from './followers.ts';
import { createLineCheck } from './lines.ts';

interface One {
  readonly bytes: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly problem: string | undefined;
}

type Frame = LogFrames | { readonly type: 'hello' | 'authenticated' | 'error' };

/**
 * Ten who parse and check everything would take more of the machine than what they measure: a frame that is byte by byte one that was
 * found good, where it was found good, is good. So many of them are remembered.
 */
const REMEMBERED = 256;
const good = new Map<number, { readonly payload: Buffer; readonly bytes: number }>();

function remember(from: number, known: { readonly payload: Buffer; readonly bytes: number }) {
  good.set(from, known);
  const [oldest] = good.keys();
  if (good.size > REMEMBERED && oldest !== undefined) good.delete(oldest);
}

async function follow({ url, token, jobId, lineBytes }: Following): Promise<One> {
  const { promise, resolve } = Promise.withResolvers<One>();
  const check = createLineCheck(lineBytes);
  let [firstMs, lastMs] = [Infinity, 0];
  const end = (problem: string | undefined) => {
    raw.socket.destroy();
    resolve({ bytes: check.bytes(), firstMs, lastMs, problem });
  };
  const take = (payload: Buffer) => {
    const from = check.bytes();
    const known = good.get(from);
    if (known?.payload.equals(payload) === true) {
      lastMs = performance.now();
      firstMs = Math.min(firstMs, lastMs);
      return check.skip(known.bytes);
    }
    const frame = JSON.parse(payload.toString()) as Frame;
    if (frame.type === 'log') {
      lastMs = performance.now();
      firstMs = Math.min(firstMs, lastMs);
      if (frame.offset !== from) return end(`a piece begins at ${frame.offset} after ${from} bytes`);
      const problem = check.problemOf(frame.text);
      if (problem !== undefined) return end(problem);
      remember(from, { payload: Buffer.from(payload), bytes: check.bytes() - from });
    }
    if (frame.type === 'error') end(payload.toString());
    if (frame.type === 'logEnd') end(undefined);
  };
  const raw = openRawSocket({ url: url + EVENTS_PATH, onText: take });
  void raw.closed.then(() => end('it was closed'));
  await raw.answered;
  raw.send(JSON.stringify({ type: 'authenticate', token }));
  raw.send(JSON.stringify({ type: 'logs', jobId }));
  return promise;
}

const [following] = (await once(process, 'message')) as [Following];
const all = await Promise.all(Array.from({ length: following.count }, () => follow(following)));
const { user, system } = process.cpuUsage();
const followed: Followed = {
  bytes: all.map(({ bytes }) => bytes),
  elapsedMs: Math.max(...all.map(({ lastMs }) => lastMs)) - Math.min(...all.map(({ firstMs }) => firstMs)),
  busyMs: (user + system) / 1_000,
  problems: all.flatMap(({ problem }) => problem ?? []),
};
process.send?.(followed);
