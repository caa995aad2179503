/** What consumers sign, request by request, PURE. Source: the wire contract; docs/api.md says it for people. */
import { getBytes, keccak256, toUtf8Bytes, type Wallet } from 'ethers';

/** Which parameters a request has, in the order in which they are signed, between the address and the nonce. */
interface SignedRequest {
  readonly signs: readonly string[];
  /** A word that is signed after them, and not sent. */
  readonly word?: string;
  readonly required: readonly string[];
}

const aboutJobs = { signs: ['jobId', 'documentId'], required: [] } as const;

export const REQUESTS = {
  status: aboutJobs,
  stop: aboutJobs,
  delete: aboutJobs,
  result: { signs: ['jobId', 'index'], required: ['jobId', 'index'] },
  log: { signs: ['jobId'], word: 'log', required: ['jobId'] },
} as const satisfies Record<string, SignedRequest>;

export type RequestName = keyof typeof REQUESTS;
export type Parameters = Readonly<Record<string, string | undefined>>;

/** The hash of a text, signed as a personal message: what every signature here is. */
export function signText(wallet: Wallet, text: string): string {
  return wallet.signMessageSync(getBytes(keccak256(toUtf8Bytes(text))));
}

interface Signing {
  readonly wallet: Wallet;
  readonly nonce: string;
}

/** A request's query, signed. `missing` names what it can't do without. */
export function signedQuery(
  name: RequestName,
  given: Parameters,
  { wallet, nonce }: Signing,
): { readonly query: string } | { readonly missing: readonly string[] } {
  const { signs, word = '', required }: SignedRequest = REQUESTS[name];
  const missing = required.filter((parameter) => given[parameter] === undefined);
  if (missing.length > 0) return { missing };
  const sent = signs.flatMap((parameter): [string, string][] => {
    const value = given[parameter];
    return value === undefined ? [] : [[parameter, value]];
  });
  const message = wallet.address + signs.map((parameter) => given[parameter] ?? '').join('') + word + nonce;
  const signature = signText(wallet, message);
  const query = { consumerAddress: wallet.address, ...Object.fromEntries(sent), nonce, signature };
  return { query: new URLSearchParams(query).toString() };
}

/** An order with all that makes it a start request; undefined if it has no dataset, or names a job that is no text. */
export function signedOrder(order: unknown, { wallet, nonce }: Signing): object | undefined {
  if (typeof order !== 'object' || order === null || !('dataset' in order)) return undefined;
  const { dataset } = order;
  if (typeof dataset !== 'object' || dataset === null || !('documentId' in dataset)) return undefined;
  const jobId = 'jobId' in order ? order.jobId : '';
  if (typeof dataset.documentId !== 'string' || typeof jobId !== 'string') return undefined;
  const signature = signText(wallet, wallet.address + jobId + dataset.documentId + nonce);
  return { ...order, consumerAddress: wallet.address, nonce, signature };
}
