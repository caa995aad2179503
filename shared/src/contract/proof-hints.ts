/** How somebody proves who asks, for each route that wants it, PURE: said beside a refusal that lacks it. Source of the texts: the wire contract, §4. */
import { ENDPOINTS, type Endpoint } from './endpoints.ts';

const signed = (text: string) =>
  `Sign ${text}: the parts that are sent, one after another, a part in brackets only where it is sent (docs/signing.md). GET nonce says the last nonce. Or send a token in the header AuthToken, with consumerAddress and nonce, or a typed signature in the header Capstan-Signature.`;
const TYPED =
  'Send a typed signature over this request in the header Capstan-Signature (docs/signing.md), which names address and nonce itself.';

function hintOf({ caller }: Endpoint): string | undefined {
  switch (caller?.kind) {
    case 'signed':
      return signed(caller.signs);
    case 'known':
      return caller.signs === undefined ? undefined : signed(caller.signs);
    case 'listed':
      return `Sign ${caller.signs} (docs/signing.md).`;
    case 'typed or token':
      return `${TYPED} Or a token in the header AuthToken.`;
    case 'typed':
      return TYPED;
    case undefined:
      return undefined;
  }
}

const byRoute: ReadonlyMap<string, string | undefined> = new Map(
  Object.values<Endpoint>(ENDPOINTS).flatMap((endpoint) =>
    [endpoint.path, ...(endpoint.aliases ?? [])].map(
      (path) => [`${endpoint.method} ${path}`, hintOf(endpoint)] as const,
    ),
  ),
);

/** Undefined for what is no route, and for one that asks nobody who they are. */
export const proofHint = (method: string, path: string): string | undefined =>
  byRoute.get(`${method === 'HEAD' ? 'GET' : method} ${path}`);

/** What may be missing of a proof. */
export const PROOF_FIELDS: readonly string[] = ['signature', 'consumerAddress', 'address', 'nonce'];
