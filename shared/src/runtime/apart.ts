/**
 * Work on a stranger's input that might take time or memory without end, in a thread of its own that can be ended. What it takes is on the
 * thread's account: the service and everything else in it go on.
 */
import { Worker } from 'node:worker_threads';
import { unlessAborted } from './unless-aborted.ts';
import { limited } from './limited.ts';

export interface Apart {
  /** The module that the thread runs: reads `workerData`, posts `{ value }` or `{ problem }`. */
  readonly module: URL;
  readonly input: unknown;
  readonly maxMs: number;
  readonly maxMemoryMB: number;
}

const TOO_MUCH = 'it takes more time or memory to read than this node gives it';

/** What is thrown for the problem that a thread found, or for one that took too much. */
export type Failed = (problem: string, cause?: unknown) => Error;

export type RunApart = (work: Apart, signal: AbortSignal) => Promise<unknown>;

/** So many threads at once: each may take the memory that it is given, and all of them together must leave some. */
export function createApart(atOnce: number, failed: Failed): RunApart {
  let running = 0;
  let waiting: (() => void)[] = [];
  const wake = () => {
    const woken = waiting;
    waiting = [];
    for (const go of woken) go();
  };
  const isFree = () => running < atOnce;
  return async (work, signal) => {
    while (!isFree()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      await unlessAborted(promise, signal);
    }
    signal.throwIfAborted();
    running += 1;
    try {
      return await apart(work, signal, failed);
    } finally {
      running -= 1;
      wake();
    }
  };
}

export async function apart(
  { module, input, maxMs, maxMemoryMB }: Apart,
  signal: AbortSignal,
  failed: Failed,
): Promise<unknown> {
  signal.throwIfAborted();
  const worker = new Worker(module, {
    workerData: input,
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: maxMemoryMB, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
  });
  using limit = limited(maxMs, signal);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const end = () => reject(signal.aborted ? (signal.reason as Error) : failed(TOO_MUCH));
  limit.signal.addEventListener('abort', end, { once: true });
  worker.once('message', resolve);
  // Out of memory among them: the thread is gone then, and nothing else.
  worker.once('error', (error) => reject(failed(TOO_MUCH, error)));
  worker.once('exit', () => reject(failed(TOO_MUCH)));
  try {
    const { value, problem } = (await promise) as { readonly value?: unknown; readonly problem?: string };
    if (problem !== undefined) throw failed(problem);
    return value;
  } finally {
    limit.signal.removeEventListener('abort', end);
    await worker.terminate();
  }
}
