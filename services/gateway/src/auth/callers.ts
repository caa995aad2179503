/** Who calls, and what they may: the parts of the gateway that know, put together. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Config } from '@capstan/shared/config/schema';
import type { Address } from '@capstan/shared/contract/ids';
import type { Log } from '@capstan/shared/runtime/log';
import { createAuthenticate } from './authenticate.ts';
import { createRequireHost, isLoopbackName } from './hosts.ts';
import type { Identity } from './identity.ts';
import { createNonceBook } from './nonce-book.ts';
import { createIsForeign } from './origins.ts';
import { createOperators } from './operators.ts';
import { createTickets } from './tickets.ts';
import { createTokenWatch } from './token-watch.ts';
import { createTokens } from './token.ts';
import { createIdentify } from './identify.ts';
import { createReading } from './reading.ts';
import { createTokenRequests } from './token-requests.ts';
import type { Store } from '../store/store.ts';

interface CallersOptions {
  readonly gateway: Config['gateway'];
  readonly store: Store;
  /** Key that tokens are signed with. */
  readonly tokenKey: Uint8Array;
  /** The node's own address. */
  readonly provider: string;
  /** Throws TOO_MANY_REQUESTS. */
  readonly limitCaller: (address: Address) => void;
  /** Throws TOO_MANY_REQUESTS for a network that has brought too many addresses. */
  readonly admitNew: (network: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export function createCallers(options: CallersOptions) {
  const { gateway, store, tokenKey, provider, limitCaller, admitNew, clock, log } = options;
  const { auth, compat, host, hosts, publicUrl, corsOrigins } = gateway;
  const { maxTokenDays, legacySignatures } = auth;
  const tokens = createTokens({ key: tokenKey, revoked: store.revokedTokens, clock, maxTokenDays });
  const nonces = createNonceBook(store, admitNew);
  const authenticate = createAuthenticate({
    tokens,
    nonces,
    usedTexts: store.usedTexts,
    limitCaller,
    clock,
    provider,
    legacySignatures,
    legacyTokens: compat.legacyTokens,
  });
  const tokenWatch = createTokenWatch(clock);
  const tickets = createTickets<Identity>(clock);
  return {
    nonces,
    authenticate,
    tokens,
    tokenWatch,
    tickets,
    tokenRequests: createTokenRequests({
      store,
      tokens,
      watch: tokenWatch,
      authenticate,
      nonces,
      maxTokenDays,
      clock,
      log,
    }),
    identify: createIdentify({ store, tokens, tickets, authenticate, nonces }),
    reading: createReading({ store, authenticate, nonces }),
    isOperator: createOperators(gateway.operators),
    acceptsNonceless: compat.noncelessStop && legacySignatures,
    requireHost: createRequireHost({ publicUrl, host, hosts }),
    isForeign: createIsForeign(corsOrigins),
    /** Whether only this machine is meant to reach the node. */
    isLoopbackOnly: publicUrl === undefined && isLoopbackName(host.toLowerCase()),
  };
}

export type Callers = ReturnType<typeof createCallers>;
