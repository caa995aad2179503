/** Requests as a careful client makes them: again with the same body until there is an answer, and written down before and after. */
import { setTimeout as pause } from 'node:timers/promises';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Address, JobId } from '@capstan/shared/contract/ids';
import { COMPUTE, type Answer, type Caller } from '../../support/gateway/caller.ts';
import { sha256Of } from '../../support/audit/audit.ts';
import type { Traces } from '../../support/audit/traces/entries.ts';

type Body = Readonly<Record<string, unknown>>;
type Order = Parameters<Caller['startBody']>[0];

export interface Requests {
  /** Undefined if it was refused, or nobody answered for a long time. */
  start(order: Order, run?: number): Promise<JobId | undefined>;
  stop(jobId: JobId): Promise<void>;
  remove(jobId: JobId): Promise<void>;
  /** Sends the last order again as it was, and then something else under its nonce. */
  replay(order: Order): Promise<void>;
  /** Fifty different orders under one nonce, all at once. */
  race(order: Order): Promise<void>;
  poll(): Promise<void>;
  download(jobId: JobId, run: number, index: number): Promise<void>;
}

interface RequestsOptions {
  readonly url: string;
  readonly caller: Caller;
  readonly traces: Traces;
  readonly signal: AbortSignal;
}

const AGAIN_AFTER_MS = 300;
/** Longer than any fault lasts. */
const PATIENCE_MS = 90_000;
const RACERS = 50;

export function createRequests({ url, caller, traces, signal }: RequestsOptions): Requests {
  const owner = caller.address.toLowerCase() as Address;
  let lastBody: Body | undefined;
  let effects = 0;

  /** Undefined if nobody answers. 500 is no answer that a node may give. */
  const ask = async (...[method, path, call]: Parameters<Caller['call']>): Promise<Answer | undefined> => {
    try {
      const answer = await caller.call(method, path, call);
      if (answer.status === 500)
        traces.write('clients', {
          type: 'breach',
          text: `the gateway answered 500 to ${method} ${path}: ${answer.text}`,
        });
      return answer;
    } catch {
      // The connection broke: it may have taken effect or not.
      return undefined;
    }
  };
  const isAnswer = (answer: Answer | undefined): answer is Answer =>
    answer !== undefined && answer.status !== 503 && answer.status !== 429 && answer.status !== 500;

  const post = async (body: Body): Promise<StatusObject | undefined> => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    for (;;) {
      const answer = await ask('POST', COMPUTE, { body });
      if (isAnswer(answer)) return answer.status === 200 ? note(answer, body) : undefined;
      if (limit.aborted) return undefined;
      await pause(AGAIN_AFTER_MS);
    }
  };
  const note = (answer: Answer, body: Body) => {
    const [job] = answer.jobs();
    if (job)
      traces.write('clients', { type: 'effect', owner, nonce: String(body['nonce']), effect: `job ${job.jobId}` });
    return job;
  };

  const about = async (method: 'PUT' | 'DELETE', what: 'stop' | 'delete', jobId: JobId) => {
    traces.write('clients', { type: 'asked', what, jobId });
    const query = { jobId, ...(await caller.signed(jobId)) };
    const answer = await ask(method, COMPUTE, { query });
    if (answer?.status !== 200) return;
    const told = { type: 'effect', owner, nonce: query.nonce } as const;
    traces.write('clients', { ...told, effect: `${what} ${(effects += 1)}` });
    // Heard by somebody on the way and sent once more: it must not count again.
    const again = await ask(method, COMPUTE, { query });
    if (again?.status === 200) traces.write('clients', { ...told, effect: `${what} ${(effects += 1)}` });
  };

  /** Undefined if there is no such result, or the connection broke before all of it had come. */
  const bytesOf = async (query: Readonly<Record<string, unknown>>) => {
    const given = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
    try {
      const response = await fetch(`${url}/api/services/computeResult?${new URLSearchParams(given).toString()}`);
      const bytes = Buffer.from(await response.arrayBuffer());
      return response.status === 200 ? bytes : undefined;
    } catch {
      return undefined;
    }
  };

  return {
    async start(order, run = 1) {
      const body = await caller.startBody(order);
      lastBody = body;
      const job = await post(body);
      if (!job) return undefined;
      const jobId = job.jobId as JobId;
      traces.write('clients', { type: 'acknowledged', jobId, run });
      return jobId;
    },
    stop: (jobId) => about('PUT', 'stop', jobId),
    remove: (jobId) => about('DELETE', 'delete', jobId),
    async replay(order) {
      if (!lastBody) return;
      await post(lastBody);
      const { nonce, signature, consumerAddress } = lastBody;
      await post({ ...order, nonce, signature, consumerAddress });
    },
    async race(order) {
      const credentials = await caller.signed(order.dataset.documentId);
      const bodies = Array.from({ length: RACERS }, (_, index) => ({
        ...order,
        ...credentials,
        algocustomdata: { index },
      }));
      const jobs = await Promise.all(bodies.map(post));
      for (const job of jobs)
        if (job) traces.write('clients', { type: 'acknowledged', jobId: job.jobId as JobId, run: 1 });
    },
    async poll() {
      await ask('GET', COMPUTE, { query: { consumerAddress: caller.address } });
    },
    async download(jobId, run, index) {
      const query = { jobId, run, index, ...(await caller.signed(jobId, String(index))) };
      const bytes = await bytesOf(query);
      if (bytes) traces.write('clients', { type: 'downloaded', jobId, run, index, sha256: sha256Of(bytes) });
    },
  };
}
