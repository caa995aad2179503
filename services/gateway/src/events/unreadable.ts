/** An event that no gateway of this version can read: kept for a person to look at, and the job it belongs to ends with the reason. */
import type { Message } from '@capstan/shared/bus/consume';
import { parseJobId } from '@capstan/shared/contract/ids';
import { jobEvent } from '@capstan/shared/contract/messages';
import { isEnding } from '@capstan/shared/contract/status';
import type { Transaction } from '../store/commit.ts';
import type { Store } from '../store/store.ts';
import { recordEvent } from './record-event.ts';

interface Unreadable {
  readonly message: Pick<Message, 'subject' | 'text'>;
  readonly problem: string;
  /** Unix milliseconds. */
  readonly at: number;
}

const REASON =
  'The runner reported something that this gateway does not understand. Gateway and runner must be of one version.';

export function failUnreadable(store: Store, transaction: Transaction, { message, problem, at }: Unreadable): void {
  store.deadLetters.add({ at, subject: message.subject, problem, message: message.text });
  const jobId = parseJobId(message.subject.split('.').at(-1) ?? '');
  const job = jobId && store.jobs.find(jobId);
  if (!job || isEnding(job.code)) return;
  const { run, attempt } = job;
  const termination = { exitCode: null, signal: null, OOMKilled: false, reason: REASON };
  recordEvent(store, transaction, jobEvent({ jobId: job.jobId, run, attempt, code: 41, at, details: { termination } }));
}
