/** The job that is looked at: follows its events from the first on, and its log, for as long as it is open. */
import type { Node } from '@capstan/shared/client/connect';
import type { StatusObject } from '@capstan/shared/contract/api';
import { createJobs, type JobEvent } from '../jobs.ts';
import { createDetail, type DetailOptions } from '../views/detail.ts';

export interface OpenJob {
  readonly jobId: string;
  readonly element: HTMLElement;
  /** Shows how long things take by now. */
  tick(): void;
  close(): void;
}

interface OpenJobOptions extends DetailOptions {
  readonly node: Node;
  readonly mayReadLog: (job: StatusObject) => boolean;
}

export function openJob(options: OpenJobOptions): OpenJob {
  const { node, jobId, mayReadLog, say, fail } = options;
  const leaving = new AbortController();
  const { signal } = leaving;
  const detail = createDetail(options);
  const events: JobEvent[] = [];
  let logOf: { readonly run: number; readonly reading: AbortController } | undefined;

  const render = () => {
    const known = jobs.get(jobId);
    if (known) detail.update(known, events);
  };
  const jobs = createJobs(render);

  const follow = async () => {
    let isLive = false;
    for await (const frame of node.subscribe({ jobs: [jobId], from: 'start', detail: 'row' }, { signal })) {
      jobs.apply(frame);
      if (frame.type === 'reset') events.length = 0;
      if (frame.type === 'event') {
        events.push(frame);
        if (isLive) say(`The job is now: ${frame.statusText}`);
      }
      const job = jobs.get(jobId)?.job;
      if (frame.type === 'caughtUp' || frame.type === 'snapshot') {
        isLive = true;
        if (!job) detail.absent();
      }
      if (job && isLive) readLog(job, events.at(-1)?.run ?? 1);
    }
  };

  const readLog = (job: StatusObject, run: number) => {
    if (logOf?.run === run) return;
    logOf?.reading.abort();
    logOf = { run, reading: new AbortController() };
    detail.clearLog();
    if (mayReadLog(job)) void showLog(AbortSignal.any([signal, logOf.reading.signal])).catch(failed);
    else detail.refuseLog('Only its owner can read the log. Sign in with the address that ordered the job.');
  };

  const showLog = async (reading: AbortSignal) => {
    for await (const frame of node.logs({ jobId }, { signal: reading })) {
      if (reading.aborted) break;
      if (frame.type === 'log') detail.log(frame.stream, frame.text);
      else if (frame.type === 'logRestart') detail.clearLog();
      else detail.endLog();
    }
  };

  const failed = (error: unknown) => {
    if (!signal.aborted) fail(error instanceof Error ? error.message : String(error));
  };
  void follow().catch(failed);

  return { jobId, element: detail.element, tick: render, close: () => leaving.abort() };
}
