/** Names of streams, subjects and messages on NATS, PURE. */
import type { EnvironmentId, JobId } from '../contract/ids.ts';
import type { JobEvent } from '../contract/messages.ts';

export const STREAMS = {
  jobs: { name: 'JOBS', subjects: ['jobs.start.*'] },
  events: { name: 'EVENTS', subjects: ['jobs.event.*'] },
} as const;

/** KV bucket of what the gateway wants of each job. */
export const DESIRED_BUCKET = 'desired';
/** KV bucket of who started a job last. */
export const STARTED_BUCKET = 'started';
export const ALL_BUCKETS = [DESIRED_BUCKET, STARTED_BUCKET] as const;
/** As NATS keeps a bucket: a stream with a subject for each key. */
export const bucketStream = (bucket: string) => `KV_${bucket}`;
export const bucketSubject = (bucket: string) => `$KV.${bucket}.>`;
/** In the bucket of starts, beside the jobs: how long a runner's starts are its own. No id of a job looks like it. */
export const leaseKey = (runnerId: string) => `lease-${runnerId}`;
export const keyOf = (bucket: string, subject: string) => subject.slice(`$KV.${bucket}.`.length);

export const startSubject = (environment: EnvironmentId) => `jobs.start.${environment}`;
export const eventSubject = (jobId: JobId) => `jobs.event.${jobId}`;
export const progressSubject = (jobId: JobId) => `jobs.progress.${jobId}`;
export const ALL_PROGRESS = 'jobs.progress.*';
/** To ask whoever has the job in hand for a piece of its log. */
export const logSubject = (jobId: JobId) => `jobs.log.${jobId}`;
/** Where the answer goes: a subject of its own, which only runners speak on and only the gateway hears. */
export const logPieceSubject = (question: string) => `jobs.piece.${question}`;
/** Says that the log of a job has grown. */
export const loggedSubject = (jobId: JobId) => `jobs.logged.${jobId}`;
export const announceSubject = (runnerId: string) => `runners.${runnerId}.announce`;
/** Answered by the process that works under the id. */
export const claimSubject = (runnerId: string) => `runners.${runnerId}.claim`;
export const claimedSubject = (runnerId: string, question: string) => `runners.${runnerId}.claimed.${question}`;
export const ALL_ANNOUNCEMENTS = 'runners.*.announce';
/** A gateway that has just come asks who is there, and every runner announces itself. */
export const WHO_IS_THERE = 'runners.who';
/** Says of which ended runs a runner has nothing left; also the answer to who asks for what is left of some. */
export const clearedSubject = (runnerId: string) => `runners.${runnerId}.cleared`;
export const ALL_CLEARED = 'runners.*.cleared';
export const WHAT_IS_LEFT = 'runners.left';

/** To ask any runner for the checksum of an asset's files, and where the answer goes. */
export const FILE_CHECK = 'files.check';
export const fileCheckedSubject = (question: string) => `files.checked.${question}`;

/** Message ids, by which JetStream drops repetitions. */
/** Of the k-th sending: a repetition must pass the window in which JetStream drops what it knows. */
export const startMessageId = (jobId: JobId, run: number, k: number) => `${jobId}.${run}.start.${k}`;
/** A claim is asked again until it is answered. */
export const claimMessageId = (event: JobEvent, nonce: string) => `${eventMessageId(event)}.claim.${nonce}`;
export const eventMessageId = ({ jobId, run, attempt, n }: JobEvent) => `${jobId}.${run}.${attempt}.${n}`;

/** Durable consumers: one of the gateway's, one for each environment that all its runners share. */
export const GATEWAY_CONSUMER = 'gateway';
export const environmentConsumer = (environment: EnvironmentId) => `runner-${environment}`;
