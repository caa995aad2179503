/** The thread that reads large answers of endpoints: what a transaction holds is the choice of whoever sent it. */
import { parentPort } from 'node:worker_threads';
import { readAnswers } from './read-answers.ts';
import type { ReadTask } from './reader.ts';

parentPort?.on('message', ({ bytes, questions }: ReadTask) => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none; only windows do
  parentPort?.postMessage(readAnswers(text, questions));
});
