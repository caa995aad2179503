/** What the page asks of the node over REST. Failures say what the node said. */
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Session } from './session.ts';

export interface SessionFacts {
  readonly statusAccess: 'open' | 'signed';
  /** Whom the token stands for, if it counts. */
  readonly caller: { readonly address: string; readonly isOperator: boolean } | null;
}

export interface Api {
  environments(): Promise<readonly EnvironmentObject[]>;
  facts(): Promise<SessionFacts>;
  createToken(signed: { address: string; nonce: string; signature: string; expiration: string }): Promise<string>;
  nextNonce(address: string): Promise<string>;
  stop(job: StatusObject): Promise<void>;
  result(job: StatusObject, index: number): Promise<Blob>;
}

export function createApi(session: () => Session | undefined): Api {
  const ask = async (path: string, query: Readonly<Record<string, string>> = {}, method = 'GET') => {
    const search = new URLSearchParams(query).toString();
    const token = session()?.token;
    const response = await fetch(search === '' ? path : `${path}?${search}`, {
      method,
      headers: token === undefined ? {} : { AuthToken: token },
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
    async environments() {
      const answer = (await (await ask('/api/services/computeEnvironments')).json()) as Readonly<
        Record<string, readonly EnvironmentObject[]>
      >;
      return Object.values(answer).flat();
    },
    facts: async () => (await (await ask('/ui/session')).json()) as SessionFacts,
    async createToken(query) {
      return ((await (await ask('/api/services/createAuthToken', query)).json()) as { token: string }).token;
    },
    async stop({ jobId }) {
      await ask('/api/services/compute', { jobId, ...(await signed()) }, 'PUT');
    },
    async result({ jobId }, index) {
      const query = { jobId, index: String(index), ...(await signed()) };
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
    return field ?? (typeof error === 'string' ? error : (message ?? `The node answered ${response.status}.`));
  } catch {
    return `The node answered ${response.status}.`;
  }
}
