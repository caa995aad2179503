/** Tokens that stand for a signature until they expire or are revoked: JWTs (RFC 7519), HS256 under a key that only this node has. */
import { createHash } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Clock } from '@capstan/shared/runtime/clock';
import { parseAddress, type Address } from '@capstan/shared/contract/ids';
import type { RevokedTokens } from '../store/revoked-tokens.ts';

const ALGORITHM = 'HS256';
const DAY_S = 86_400;
/** For a clock that is set back. */
const LEEWAY_S = 3_600;

export interface TokenClaims {
  readonly address: Address;
  /** Unix seconds. */
  readonly exp: number;
  /** Follows from the other two: the same claims are the same token, so creating it again restores a revoked one. */
  readonly jti: string;
}

export interface Tokens {
  create(address: Address, expiresAtS: number): Promise<{ readonly token: string; readonly claims: TokenClaims }>;
  /** The claims of a token that is whole and has not expired, revoked or not. */
  read(token: string): Promise<TokenClaims | undefined>;
  /** Whether a token with these claims, read before, still counts: it has not expired since, and was not taken back. */
  counts(claims: TokenClaims): boolean;
  /** Whom a token stands for, if it counts. */
  addressOf(token: string): Promise<Address | undefined>;
}

interface TokensOptions {
  readonly key: Uint8Array;
  readonly revoked: Pick<RevokedTokens, 'has'>;
  readonly clock: Clock;
  /** One that lasts longer was made before there was this limit, and counts no more. */
  readonly maxTokenDays: number;
}

export function createTokens({ key, revoked, clock, maxTokenDays }: TokensOptions): Tokens {
  const read = async (token: string): Promise<TokenClaims | undefined> => {
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [ALGORITHM],
        requiredClaims: ['address', 'exp', 'jti'],
        currentDate: new Date(clock.now()),
      });
      const address = parseAddress(String(payload['address']));
      const { exp, jti } = payload;
      if (!address || exp === undefined || jti === undefined) return undefined;
      return exp <= clock.now() / 1_000 + maxTokenDays * DAY_S + LEEWAY_S ? { address, exp, jti } : undefined;
    } catch {
      // Forged, expired, or no token at all: it stands for nobody.
      return undefined;
    }
  };

  const counts = (claims: TokenClaims) => claims.exp * 1_000 > clock.now() && !revoked.has(claims);

  return {
    async create(address, expiresAtS) {
      const claims = { address, exp: expiresAtS, jti: jtiOf(address, expiresAtS) };
      const token = await new SignJWT(claims).setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' }).sign(key);
      return { token, claims };
    },
    read,
    counts,
    async addressOf(token) {
      const claims = await read(token);
      return claims && counts(claims) ? claims.address : undefined;
    },
  };
}

function jtiOf(address: Address, expiresAtS: number): string {
  return createHash('sha256').update(`${address}.${expiresAtS}`).digest('hex').slice(0, 32);
}
