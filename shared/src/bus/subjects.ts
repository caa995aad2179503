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

export const startSubject = (environment: EnvironmentId) => `jobs.start.${environment}`;
export const eventSubject = (jobId: JobId) => `jobs.event.${jobId}`;
export const progressSubject = (jobId: JobId) => `jobs.progress.${jobId}`;
export const ALL_PROGRESS = 'jobs.progress.*';
/** To ask whoever has the job in hand for a piece of its log. */
export const logSubject = (jobId: JobId) => `jobs.log.${jobId}`;
/** Says that the log of a job has grown. */
export const loggedSubject = (jobId: JobId) => `jobs.logged.${jobId}`;
export const announceSubject = (runnerId: string) => `runners.${runnerId}.announce`;
/** Answered by the process that works under the id. */
export const claimSubject = (runnerId: string) => `runners.${runnerId}.claim`;
export const ALL_ANNOUNCEMENTS = 'runners.*.announce';
/** A gateway that has just come asks who is there, and every runner announces itself. */
export const WHO_IS_THERE = 'runners.who';

/** Message ids, by which JetStream drops repetitions. */
export const startMessageId = (jobId: JobId, run: number) => `${jobId}.${run}.start`;
export const eventMessageId = ({ jobId, run, attempt, n }: JobEvent) => `${jobId}.${run}.${attempt}.${n}`;

/** Durable consumers: one of the gateway's, one for each environment that all its runners share. */
export const GATEWAY_CONSUMER = 'gateway';
export const environmentConsumer = (environment: EnvironmentId) => `runner-${environment}`;
