/** A follower of all jobs of an owner, over whatever happens to the gateway: writes down what it is told, and knows how the jobs stand. */
import { connect } from '@capstan/shared/client/connect';
import type { Address, JobId } from '@capstan/shared/contract/ids';
import { isEnding, type StatusCode } from '@capstan/shared/contract/status';
import type { Traces } from '../../support/audit/traces/entries.ts';

export interface Standing {
  readonly run: number;
  readonly code: StatusCode;
  /** As the job was shown last. */
  readonly results: readonly { readonly index: number }[];
}

export interface Live {
  readonly jobs: ReadonlyMap<JobId, Standing>;
  /** Jobs that have not ended as far as is known. */
  unfinished(): number;
  /** Resolves when `isSo`; rejects when the signal aborts. */
  until(isSo: () => boolean, signal: AbortSignal): Promise<void>;
  /** `isOver`: it heard everything, to the end. */
  close(isOver?: boolean): Promise<void>;
}

interface LiveOptions {
  readonly url: string;
  readonly owner: Address;
  readonly session: string;
  readonly traces: Traces;
}

export function follow({ url, owner, session, traces }: LiveOptions): Live {
  const node = connect(url);
  const jobs = new Map<JobId, Standing>();
  const changes = new EventTarget();

  const hear = async () => {
    for await (const frame of node.subscribe({ consumerAddress: owner })) {
      if (frame.type === 'snapshot') {
        const shown = frame.jobs.map(({ jobId, status }) => [jobId as JobId, status as StatusCode] as const);
        traces.write('clients', { type: 'snapshot', session, owner, cursor: frame.cursor, jobs: shown });
        for (const { jobId, status, results } of frame.jobs)
          jobs.set(jobId as JobId, { run: jobs.get(jobId as JobId)?.run ?? 1, code: status as StatusCode, results });
      } else if (frame.type === 'event') {
        const { cursor, run, attempt, job } = frame;
        const [jobId, code] = [frame.jobId as JobId, frame.status as StatusCode];
        const atMs = Date.now();
        traces.write('clients', { type: 'event', session, owner, cursor, jobId, run, attempt, code, atMs });
        jobs.set(jobId, { run, code, results: job.results });
      } else if (frame.type === 'reset') traces.write('clients', { type: 'reset', session });
      changes.dispatchEvent(new Event('change'));
    }
  };
  const heard = hear();

  return {
    jobs,
    unfinished: () => [...jobs.values()].filter(({ code }) => !isEnding(code)).length,
    async until(isSo, signal) {
      signal.throwIfAborted();
      if (isSo()) return;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => {
        if (isSo()) resolve();
      };
      const abort = () => reject(signal.reason as Error);
      changes.addEventListener('change', look);
      signal.addEventListener('abort', abort, { once: true });
      try {
        await promise;
      } finally {
        changes.removeEventListener('change', look);
        signal.removeEventListener('abort', abort);
      }
    },
    async close(isOver = false) {
      if (isOver) traces.write('clients', { type: 'listening', session });
      node.close();
      await heard;
    },
  };
}
