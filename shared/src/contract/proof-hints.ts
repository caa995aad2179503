/** How somebody proves who asks, for each route that wants it, PURE: said beside a refusal that lacks it. Source of the texts: the wire contract, §4. */
import { ENDPOINTS, type Endpoint, type EndpointName } from './endpoints.ts';

const signed = (text: string) =>
  `Sign ${text}: the parts that are sent, one after another, a part in brackets only where it is sent (docs/signing.md). GET nonce says the last nonce. Or send a token in the header AuthToken, with consumerAddress and nonce, or a typed signature in the header Capstan-Signature.`;
const STATUS = signed('consumerAddress + (jobId) + (documentId) + nonce');
const TYPED =
  'Send a typed signature over this request in the header Capstan-Signature (docs/signing.md), which names address and nonce itself.';

const HINTS: Readonly<Partial<Record<EndpointName, string>>> = {
  computeStart: signed('consumerAddress + (jobId) + dataset.documentId + nonce'),
  computeStatus: STATUS,
  computeEvents: STATUS,
  computeStop: STATUS,
  computeDelete: STATUS,
  computeResult: signed('consumerAddress + jobId + index + nonce'),
  computeLogs: signed('consumerAddress + jobId + "log" + nonce'),
  download: signed('documentId + nonce'),
  decrypt: 'Sign transactionId (or dataNftAddress) + decrypterAddress + chainId + nonce (docs/signing.md).',
  createTicket: `${TYPED} Or a token in the header AuthToken.`,
  createAuthToken: TYPED,
  deleteAuthToken: TYPED,
};

const byRoute: ReadonlyMap<string, string | undefined> = new Map(
  (Object.entries(ENDPOINTS) as [EndpointName, Endpoint][]).flatMap(([name, { method, path, aliases = [] }]) =>
    [path, ...aliases].map((each) => [`${method} ${each}`, HINTS[name]] as const),
  ),
);

/** Undefined for what is no route, and for one that asks nobody who they are. */
export const proofHint = (method: string, path: string): string | undefined =>
  byRoute.get(`${method === 'HEAD' ? 'GET' : method} ${path}`);

/** What may be missing of a proof. */
export const PROOF_FIELDS: readonly string[] = ['signature', 'consumerAddress', 'address', 'nonce'];
