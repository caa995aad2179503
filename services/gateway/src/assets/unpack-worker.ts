/** Unpacks in a thread of its own: what a few bytes become, and how long it takes, is their publisher's choice. */
import { parentPort, workerData } from 'node:worker_threads';
import { unpack } from './unpack.ts';

export interface UnpackTask {
  readonly packed: Uint8Array;
  readonly maxBytes: number;
}

const { packed, maxBytes } = workerData as UnpackTask;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none; only windows do
parentPort?.postMessage({ value: await unpack(packed, maxBytes) });
