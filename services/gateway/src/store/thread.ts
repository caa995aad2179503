/** The store's thread, from the side of the service. */
import { Worker } from 'node:worker_threads';
import type { ThreadAnswers, ThreadReply, ThreadRequest, ThreadTask } from './thread-task.ts';

export interface StoreThread {
  /** Begins the thread if there is none. Rejects with what SQLite says, or if the thread ends before it has answered. */
  ask<T extends ThreadTask>(task: T): Promise<ThreadAnswers[T['do']]>;
  /** Resolves when the thread has ended, and its connection is closed: after what it is at, which nothing can interrupt. */
  end(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: ThreadAnswers[ThreadTask['do']]) => void;
  readonly reject: (error: Error) => void;
}

/** `path`: of a store that is open in this process. */
export function createStoreThread(path: string): StoreThread {
  let running: { readonly worker: Worker; readonly waiting: Waiting[] } | undefined;

  const begin = () => {
    const worker = new Worker(new URL('./thread-main.ts', import.meta.url), { workerData: path, env: {} });
    const waiting: Waiting[] = [];
    const begun = { worker, waiting };
    const over = (error: Error) => {
      if (running === begun) running = undefined;
      for (const { reject } of waiting.splice(0)) reject(error);
    };
    // It answers in the order in which it is asked.
    worker.on('message', (reply: ThreadReply) => {
      const asked = waiting.shift();
      if ('problem' in reply) asked?.reject(new Error(reply.problem));
      else asked?.resolve(reply.value);
    });
    worker.on('error', over);
    worker.on('exit', () => over(new Error("the store's thread has ended")));
    return (running = begun);
  };

  return {
    ask: <T extends ThreadTask>(task: T) =>
      new Promise<ThreadAnswers[T['do']]>((resolve, reject) => {
        const { worker, waiting } = running ?? begin();
        waiting.push({ resolve: resolve as Waiting['resolve'], reject });
        post(worker, task);
      }),
    async end() {
      if (!running) return;
      const { worker } = running;
      running = undefined;
      await new Promise<void>((resolve) => {
        worker.once('exit', () => resolve());
        post(worker, 'end');
      });
    },
  };
}

function post(worker: Worker, request: ThreadRequest): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none; only windows do
  worker.postMessage(request);
}
