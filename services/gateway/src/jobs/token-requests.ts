/** Creating and taking back tokens: always by signature, each request with a nonce of its own. */
import type { Clock } from '@capstan/shared/clock';
import type { CreateTokenQuery, DeleteTokenRequest } from '@capstan/shared/contract/api';
import { CapstanError } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Authenticate } from '../auth/authenticate.ts';
import { tokenMessage } from '../auth/message.ts';
import { spendNonce } from '../auth/spend-nonce.ts';
import type { Tokens } from '../auth/token.ts';
import type { TokenWatch } from '../auth/token-watch.ts';
import type { Store } from '../store/store.ts';

interface TokenRequestOptions {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly watch: Pick<TokenWatch, 'revoked'>;
  readonly authenticate: Authenticate;
  readonly clock: Clock;
  readonly log: Log;
}

export interface TokenRequests {
  create(request: CreateTokenQuery): Promise<string>;
  revoke(request: DeleteTokenRequest): Promise<void>;
}

export function createTokenRequests({
  store,
  tokens,
  watch,
  authenticate,
  clock,
  log,
}: TokenRequestOptions): TokenRequests {
  const callerOf = ({ address, nonce, signature }: Pick<CreateTokenQuery, 'address' | 'nonce' | 'signature'>) =>
    authenticate({ consumerAddress: address, nonce, signature }, (signed) => tokenMessage({ address, nonce: signed }));

  return {
    async create(request) {
      const expiresAtS = Number(request.expiration);
      if (expiresAtS * 1000 <= clock.now()) {
        const text = 'The expiration field must be a time to come, in Unix seconds.';
        throw new CapstanError('VALIDATION', 'Validation error', { fields: { expiration: [text] } });
      }
      const caller = await callerOf(request);
      const { token, claims } = await tokens.create(caller.address, expiresAtS);
      await store.write(() => {
        spendNonce(store.nonces, caller);
        // The same claims are the same token: asking for it again takes back that it was revoked.
        store.revokedTokens.remove(claims.jti);
      });
      log.info({ owner: caller.address }, 'token created');
      return token;
    },
    async revoke(request) {
      const caller = await callerOf(request);
      const claims = await tokens.read(request.token);
      if (claims?.address !== caller.address) {
        throw new CapstanError('REFUSED', 'This is no valid token of yours; it may have expired.', {
          refusal: 'Token is not valid.',
        });
      }
      await store.write(() => {
        spendNonce(store.nonces, caller);
        store.revokedTokens.add(claims.jti, claims.exp);
        store.revokedTokens.removeExpired(clock.now() / 1000);
      });
      watch.revoked(claims.jti);
      log.info({ owner: caller.address }, 'token revoked');
    },
  };
}
