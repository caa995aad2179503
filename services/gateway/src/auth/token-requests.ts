/** Creating and taking back tokens: always by signature, each request with a nonce of its own. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { CreateTokenQuery, DeleteTokenRequest } from '@capstan/shared/contract/api';
import type { Address } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Authenticate } from './authenticate.ts';
import type { Proof } from './credentials.ts';
import { tokenMessage } from './message.ts';
import type { NonceBook } from './nonce-book.ts';
import type { Tokens } from './token.ts';
import type { TokenWatch } from './token-watch.ts';
import type { Store } from '../store/store.ts';
import type { Source } from './identify.ts';

interface TokenRequestOptions {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly watch: Pick<TokenWatch, 'revoked' | 'revokedUpTo'>;
  readonly authenticate: Authenticate;
  readonly nonces: Pick<NonceBook, 'spend'>;
  /** Longest that a token lasts, whatever is asked. */
  readonly maxTokenDays: number;
  readonly clock: Clock;
  readonly log: Log;
}

const DAY_S = 86_400;

export interface TokenRequests {
  create(request: CreateTokenQuery, source: Source): Promise<string>;
  revoke(request: DeleteTokenRequest, source: Source): Promise<void>;
}

export function createTokenRequests({
  store,
  tokens,
  watch,
  authenticate,
  nonces,
  maxTokenDays,
  clock,
  log,
}: TokenRequestOptions): TokenRequests {
  const callerOf = ({ address, nonce, signature }: CreateTokenQuery | DeleteTokenRequest, proof: Proof | undefined) =>
    authenticate.act(
      { consumerAddress: address, nonce, signature },
      { purpose: 'token', text: (signed) => tokenMessage({ address, nonce: signed }) },
      proof,
    );
  const lastS = () => Math.floor(clock.now() / 1_000) + maxTokenDays * DAY_S;

  /** Of an owner who has taken back very many tokens, all that end soon count no more: one of those would be of no use. */
  const refuseTakenBack = (owner: Address, endsAtS: number) => {
    const untilS = store.revokedTokens.until(owner);
    if (untilS === undefined || endsAtS > untilS) return;
    const text = `You have taken back so many tokens that all of yours which end by ${untilS} (Unix seconds) count no more. Ask for one that ends later.`;
    throw new CapstanError('VALIDATION', 'Validation error', { fields: { expiration: [text] } });
  };

  return {
    async create(request, { proof, network }) {
      const expiresAtS = Number(request.expiration);
      if (expiresAtS * 1000 <= clock.now()) {
        const text = 'The expiration field must be a time to come, in Unix seconds.';
        throw new CapstanError('VALIDATION', 'Validation error', { fields: { expiration: [text] } });
      }
      const caller = await callerOf(request, proof);
      const endsAtS = Math.min(expiresAtS, lastS());
      refuseTakenBack(caller.address, endsAtS);
      const { token, claims } = await tokens.create(caller.address, endsAtS);
      await store.write(() => {
        nonces.spend(caller.address, caller.nonce, network);
        // The same claims are the same token: asking for it again takes back that it was revoked.
        store.revokedTokens.remove(claims.jti);
      });
      log.info({ owner: caller.address }, 'token created');
      return token;
    },
    async revoke(request, { proof, network }) {
      const caller = await callerOf(request, proof);
      const claims = await tokens.read(request.token);
      if (claims?.address !== caller.address) {
        throw new CapstanError(
          'REFUSED',
          'This is no valid token of yours: it may have expired, or was taken back. Send the token itself.',
          {
            refusal: 'Token is not valid.',
          },
        );
      }
      const alsoUpTo = await store.write(() => {
        nonces.spend(caller.address, caller.nonce, network);
        return store.revokedTokens.add(claims);
      });
      watch.revoked(claims);
      if (alsoUpTo !== undefined) watch.revokedUpTo(caller.address, alsoUpTo);
      log.info({ owner: caller.address }, 'token revoked');
    },
  };
}
