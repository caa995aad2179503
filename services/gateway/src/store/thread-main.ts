/** The store's thread: with a connection of its own it does what is one long call by nature, while the service goes on. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@capstan/shared/contract/errors';
import { connect, damageOf } from './connection.ts';
import type { LogState, ThreadAnswers, ThreadReply, ThreadRequest, ThreadTask } from './thread-task.ts';

const db = connect(workerData as string);
// Whoever is in the way now is not at the next try; and only what is asked for is written back.
db.exec('pragma busy_timeout = 0; pragma wal_autocheckpoint = 0; pragma synchronous = full;');

function work(task: ThreadTask): ThreadAnswers[ThreadTask['do']] {
  switch (task.do) {
    case 'check':
      return { damage: damageOf(db) };
    case 'measure':
      return checkpoint('noop');
    case 'checkpoint':
      return checkpoint(task.mode);
  }
}

function checkpoint(mode: string): LogState {
  const row = db.prepare(`pragma wal_checkpoint(${mode})`).get() ?? {};
  // A log that nobody has begun yet counts as -1.
  const count = (name: string) => Math.max(0, Number(row[name]));
  return { pages: count('log'), writtenBack: count('checkpointed'), isBusy: Number(row['busy']) !== 0 };
}

function answer(task: ThreadTask): ThreadReply {
  try {
    return { value: work(task) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

parentPort?.on('message', (request: ThreadRequest) => {
  if (request === 'end') {
    db.close();
    parentPort?.close();
    return;
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none; only windows do
  parentPort?.postMessage(answer(request));
});
