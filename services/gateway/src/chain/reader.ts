/**
 * Reads what endpoints answer: what is small at once, what is large in a thread, of which only what the node keeps comes back. A transaction
 * that a stranger names may hold thousands of logs; reading them all took the event loop a third of a second.
 */
import { Worker } from 'node:worker_threads';
import type { Question } from './answers.ts';
import { readAnswers, type ReadAnswers } from './read-answers.ts';

/** Takes about a millisecond. */
const MAX_HERE_BYTES = 100_000;
/** Of one answer, with all that waits before it. */
const MAX_MS = 10_000;
const MAX_MEMORY_MB = 256;

export interface Reader {
  /** Rejects where the thread takes too much for it, or ends. */
  read(bytes: Uint8Array<ArrayBuffer>, questions: readonly Question[]): Promise<ReadAnswers>;
  stop(): Promise<void>;
}

export interface ReadTask {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly questions: readonly Question[];
}

interface Waiting {
  readonly resolve: (read: ReadAnswers) => void;
  readonly reject: (error: Error) => void;
}

export function createReader(): Reader {
  let running: { readonly worker: Worker; readonly waiting: Waiting[] } | undefined;

  const begin = () => {
    const worker = new Worker(new URL('./reader-main.ts', import.meta.url), {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MB, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
    });
    // It is there when it is needed, and keeps no process from its end.
    worker.unref();
    const waiting: Waiting[] = [];
    const begun = { worker, waiting };
    const over = () => {
      if (running === begun) running = undefined;
      for (const { reject } of waiting.splice(0)) reject(new Error('its answer takes too much to read'));
    };
    // It answers in the order in which it is asked.
    worker.on('message', (read: ReadAnswers) => waiting.shift()?.resolve(read));
    worker.on('error', over);
    worker.on('exit', over);
    return (running = begun);
  };

  const readApart = async (task: ReadTask): Promise<ReadAnswers> => {
    const { worker, waiting } = running ?? begin();
    const { promise, resolve, reject } = Promise.withResolvers<ReadAnswers>();
    waiting.push({ resolve, reject });
    const limit = setTimeout(() => void worker.terminate(), MAX_MS);
    try {
      worker.postMessage(task, [task.bytes.buffer]);
      return await promise;
    } finally {
      clearTimeout(limit);
    }
  };

  return {
    async read(bytes, questions) {
      if (bytes.length > MAX_HERE_BYTES) return readApart({ bytes, questions: questions.map(bare) });
      return readAnswers(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), questions);
    },
    async stop() {
      await running?.worker.terminate();
    },
  };
}

/** What else an answer must be is a function, which no other thread gets. */
const bare = ({ method, params }: Question): Question => ({ method, params });
