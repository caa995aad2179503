/** Somebody who calls the gateway's routes: a wallet whose every signed part a test can bend. */
import { getBytes, keccak256, toUtf8Bytes, Wallet } from 'ethers';
import type { StatusObject } from '@capstan/shared/contract/api';
import { typedSignature } from '../../../scripts/sign/typed.ts';
import type { Order } from '../../../scripts/parts/consumer.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; fails if it is none. */
  json(): unknown;
  /** The body as the list of jobs that a good answer has; fails for any other. */
  jobs(): readonly StatusObject[];
}

interface Call {
  readonly query?: Fields;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const CREATE_TOKEN = '/api/services/createAuthToken';
export const COMPUTE = '/api/services/compute';

export interface Caller {
  readonly address: string;
  readonly wallet: Wallet;
  /** Greater than all before. */
  nextNonce(): string;
  /** As Ocean's clients sign: over the hash of the text. */
  sign(text: string): Promise<string>;
  /** consumerAddress, nonce and signature over the parts between the two. */
  signed(...parts: readonly string[]): Promise<{ consumerAddress: string; nonce: string; signature: string }>;
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** The body of a start request, signed. */
  startBody(order: Order): Promise<Record<string, unknown>>;
  start(order: Order): Promise<Answer>;
  /** A started job; fails if it is refused. */
  job(order: Order): Promise<StatusObject>;
  /** The one job of this id. */
  status(jobId: string): Promise<StatusObject>;
  stop(which?: Which): Promise<Answer>;
  remove(which?: Which): Promise<Answer>;
  result(jobId: string, index: number | string, more?: Fields): Promise<Answer>;
  createToken(expiresAtS?: number): Promise<Answer>;
  /** The header of a call under a typed signature. */
  typedHeaders(method: string, path: string, call?: TypedCall): Promise<Readonly<Record<string, string>>>;
  /** The call itself. */
  typed(method: string, path: string, call?: TypedCall): Promise<Answer>;
  /** The last nonce that the gateway knows of this address, its digits as they came. */
  lastNonce(): Promise<string>;
}

/** What a typed signature says beside the request itself. */
interface TypedClaims {
  readonly provider: string;
  readonly nonce: string;
  readonly expiresAtS: number;
}

type TypedCall = Call & Partial<TypedClaims>;

interface Which {
  readonly jobId?: string;
  readonly documentId?: string;
  readonly agreementId?: string;
}

const HOUR_S = 3_600;

/** `node`: its address, which typed signatures name; asked for if it is not given. */
export function createCaller(
  url: () => string,
  wallet = new Wallet(Wallet.createRandom().privateKey),
  node?: string,
): Caller {
  const { address } = wallet;
  let last = 0;
  const nextNonce = () => {
    last = Math.max(last + 1, Date.now());
    return String(last);
  };
  const sign = (text: string) => wallet.signMessage(getBytes(keccak256(toUtf8Bytes(text))));
  const signed = async (...parts: readonly string[]) => {
    const nonce = nextNonce();
    return { consumerAddress: address, nonce, signature: await sign([address, ...parts, nonce].join('')) };
  };
  const call = (method: string, path: string, options: Call = {}) => callRoute(url() + path, method, options);
  const startBody = async (order: Order) => ({
    ...order,
    ...(await signed(order.jobId ?? '', order.dataset.documentId)),
  });
  const start = async (order: Order) => call('POST', COMPUTE, { body: await startBody(order) });
  const typedHeaders: Caller['typedHeaders'] = async (method, path, { query = {}, body, ...claims } = {}) => {
    const provider = claims.provider ?? node ?? (await providerAt(url()));
    const text = body === undefined ? undefined : JSON.stringify(body);
    const signature = typedSignature(
      { method, url: url() + path + searchOf(query), body: text },
      {
        wallet,
        provider,
        nonce: claims.nonce ?? nextNonce(),
        expiresAtS: claims.expiresAtS ?? Math.floor(Date.now() / 1000) + 60,
      },
    );
    return { 'capstan-signature': signature };
  };
  const theOne = (answer: Answer) => {
    const [job] = answer.jobs();
    if (!job) throw new Error('there is no such job');
    return job;
  };
  const about = async (method: string, which: Which) => {
    const { jobId = '', documentId = '' } = which;
    return call(method, COMPUTE, { query: { ...which, ...(await signed(jobId, documentId)) } });
  };

  return {
    address,
    wallet,
    nextNonce,
    sign,
    signed,
    call,
    startBody,
    start,
    job: async (order) => theOne(await start(order)),
    status: async (jobId) => theOne(await call('GET', COMPUTE, { query: { jobId } })),
    stop: (which = {}) => about('PUT', which),
    remove: (which = {}) => about('DELETE', which),
    async result(jobId, index, more = {}) {
      const query = { jobId, index, ...(await signed(jobId, String(index))), ...more };
      return call('GET', '/api/services/computeResult', { query });
    },
    async createToken(expiresAtS = Math.floor(Date.now() / 1000) + HOUR_S) {
      const query = { expiration: expiresAtS };
      const headers = await typedHeaders('GET', CREATE_TOKEN, { query });
      return call('GET', CREATE_TOKEN, { query, headers });
    },
    typedHeaders,
    typed: async (method, path, given = {}) =>
      call(method, path, { ...given, headers: { ...(await typedHeaders(method, path, given)), ...given.headers } }),
    async lastNonce() {
      const { text } = await call('GET', '/api/services/nonce', { query: { userAddress: address } });
      return /^\{"nonce":([0-9.]+)\}$/.exec(text)?.[1] ?? text;
    },
  };
}

function searchOf(query: Fields): string {
  const given = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  return given.length > 0 ? `?${new URLSearchParams(given).toString()}` : '';
}

async function providerAt(url: string): Promise<string> {
  return ((await (await fetch(url)).json()) as { providerAddress: string }).providerAddress;
}

async function callRoute(url: string, method: string, { query = {}, body, headers = {} }: Call): Promise<Answer> {
  const isBytes = typeof body === 'string' || body instanceof Blob;
  const response = await fetch(url + searchOf(query), {
    method,
    headers: { ...(body === undefined || isBytes ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: isBytes ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const { status, headers: answered } = response;
  return {
    status,
    headers: answered,
    text,
    json: () => JSON.parse(text) as unknown,
    jobs() {
      if (status !== 200) throw new Error(`the gateway answered ${status}: ${text}`);
      return JSON.parse(text) as StatusObject[];
    },
  };
}
