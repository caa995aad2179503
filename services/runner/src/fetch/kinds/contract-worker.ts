/** Encodes a call or decodes its answer, in a thread of its own: what a contract's types make of a few bytes is its owner's choice. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@capstan/shared/contract/errors';
import { decodeResult, encodeCall, type ContractFile } from './contract-call.ts';

export type ContractTask =
  | { readonly kind: 'encode'; readonly file: ContractFile; readonly userdata: Readonly<Record<string, unknown>> }
  | { readonly kind: 'decode'; readonly file: ContractFile; readonly answer: string };

function work(task: ContractTask): unknown {
  switch (task.kind) {
    case 'encode':
      return encodeCall(task.file, task.userdata);
    case 'decode':
      return decodeResult(task.file, task.answer);
  }
}

function answer(): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: work(workerData as ContractTask) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none; only windows do
parentPort?.postMessage(answer());
