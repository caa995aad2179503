/** What the page asks of the node over REST. Failures say what the node said. */
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Which } from '@capstan/shared/client/status-stream';
import { TYPED_HEADER } from '@capstan/shared/contract/typed-signature';
import { ROOT } from './root.ts';

export const TOKEN_PATH = '/api/services/createAuthToken';

/** Who asks. */
export interface Session {
  readonly token: string;
  /** In lower case. */
  readonly address: string;
}

export interface SessionFacts {
  readonly statusAccess: 'open' | 'id' | 'signed';
  /** The node's own address, which typed signatures name. */
  readonly provider: string;
  /** Whom the token stands for, if it counts. */
  readonly caller: { readonly address: string; readonly isOperator: boolean } | null;
}

/** Those that run are few, and the node tells of them all. */
export type PagedKind = 'waiting' | 'ended';

export interface JobPage {
  readonly jobs: readonly StatusObject[];
  readonly next: string | undefined;
}

const PAGE = '100';

export interface Api {
  /** A page of jobs that wait, in the order of their turn, or that have ended, the newest first. */
  list(which: Which, kind: PagedKind, cursor: string | undefined): Promise<JobPage>;
  environments(): Promise<readonly EnvironmentObject[]>;
  facts(): Promise<SessionFacts>;
  /** `signature`: the header that a wallet signed for this very query. */
  createToken(query: string, signature: string): Promise<string>;
  nextNonce(address: string): Promise<string>;
  stop(job: StatusObject): Promise<void>;
  remove(job: StatusObject): Promise<void>;
  /** Begins its next run, with the order that the node keeps of it. */
  runAgain(job: StatusObject): Promise<void>;
  /** How a job stood at the end of an earlier run; undefined where the node no longer keeps it. */
  run(job: StatusObject, run: number): Promise<StatusObject | undefined>;
  /** Of its last run, or of an earlier one. */
  result(job: StatusObject, index: number, run?: number): Promise<Blob>;
}

interface Asked {
  readonly method?: string;
  readonly body?: object;
}

export function createApi(session: () => Session | undefined): Api {
  const ask = async (
    path: string,
    query: Readonly<Record<string, string>> = {},
    { method = 'GET', body }: Asked = {},
  ) => {
    const search = new URLSearchParams(query).toString();
    const token = session()?.token;
    const response = await fetch(ROOT + (search === '' ? path : `${path}?${search}`), {
      method,
      headers: {
        ...(token === undefined ? {} : { AuthToken: token }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(await said(response));
    return response;
  };

  const nextNonce = async (address: string) => {
    // As text: a nonce has more digits than a number of JavaScript.
    const text = await (await ask('/api/services/nonce', { userAddress: address })).text();
    const last = BigInt(/"nonce":(\d+)/.exec(text)?.[1] ?? 0);
    const now = BigInt(Date.now());
    return String(now > last ? now : last + 1n);
  };

  const signed = async () => {
    const address = session()?.address;
    if (address === undefined) throw new Error('Sign in first.');
    return { consumerAddress: address, nonce: await nextNonce(address) };
  };

  return {
    nextNonce,
    async list({ owner, documentId, environment, all }, kind, cursor) {
      const order = kind === 'waiting' ? 'oldest' : 'newest';
      const given = { owner, documentId, environment, cursor, ...(all ? { all: 'true' } : {}) };
      const which = Object.entries(given).filter((each): each is [string, string] => each[1] !== undefined);
      const query = { ...Object.fromEntries(which), status: kind, order, limit: PAGE, detail: 'row' };
      const response = await ask('/api/services/compute', query);
      const next = /[?&]cursor=(\d+)[^>]*>; rel="next"/.exec(response.headers.get('Link') ?? '')?.[1];
      return { jobs: (await response.json()) as readonly StatusObject[], next };
    },
    async environments() {
      const answer = (await (await ask('/api/services/computeEnvironments')).json()) as Readonly<
        Record<string, readonly EnvironmentObject[]>
      >;
      return Object.values(answer).flat();
    },
    facts: async () => (await (await ask('/ui/session')).json()) as SessionFacts,
    async createToken(query, signature) {
      const response = await fetch(`${ROOT}${TOKEN_PATH}?${query}`, { headers: { [TYPED_HEADER]: signature } });
      if (!response.ok) throw new Error(await said(response));
      return ((await response.json()) as { token: string }).token;
    },
    async stop({ jobId }) {
      await ask('/api/services/compute', { jobId, ...(await signed()) }, { method: 'PUT' });
    },
    async remove({ jobId }) {
      await ask('/api/services/compute', { jobId, ...(await signed()) }, { method: 'DELETE' });
    },
    async runAgain({ jobId }) {
      const order = (await (await ask('/ui/order', { jobId })).json()) as object;
      await ask('/api/services/compute', {}, { method: 'POST', body: { ...order, ...(await signed()) } });
    },
    async run({ jobId }, run) {
      const response = await ask('/api/services/compute', { jobId, run: String(run) });
      return ((await response.json()) as readonly StatusObject[])[0];
    },
    async result({ jobId }, index, run) {
      const of = run === undefined ? {} : { run: String(run) };
      const query = { jobId, index: String(index), ...of, ...(await signed()) };
      return (await ask('/api/services/computeResult', query)).blob();
    },
  };
}

/** The node's own words for what it refuses. */
async function said(response: Response): Promise<string> {
  try {
    const { message, error, errors } = (await response.json()) as {
      message?: string;
      error?: unknown;
      errors?: Readonly<Record<string, readonly string[]>>;
    };
    const field = Object.values(errors ?? {})[0]?.[0];
    return field ?? message ?? (typeof error === 'string' ? error : `The node answered ${response.status}.`);
  } catch {
    return `The node answered ${response.status}.`;
  }
}
