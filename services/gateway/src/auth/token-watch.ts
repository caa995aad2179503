/** Tells those who hold something open in the name of a token when it counts no more: when it expires, and when it is taken back. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Address } from '@capstan/shared/contract/ids';
import type { TokenClaims } from './token.ts';

type Claims = TokenClaims;

export type TokenEnd = 'expired' | 'revoked';

export interface TokenWatch {
  /** Returns how to be told no more. */
  watch(claims: Claims, onEnd: (end: TokenEnd) => void): () => void;
  /** That a token was taken back. */
  revoked(claims: Pick<Claims, 'jti'>): void;
  /** That all of an address were which end by then (Unix seconds). */
  revokedUpTo(address: Address, untilS: number): void;
}

/** The longest that a timer of Node can wait. */
const LONGEST_MS = 2 ** 31 - 1;

interface Watched {
  readonly claims: Claims;
  readonly listeners: Set<(end: TokenEnd) => void>;
  timer: NodeJS.Timeout;
}

export function createTokenWatch(clock: Clock): TokenWatch {
  /** By token: however many hold something open by one, there is one timer. */
  const watched = new Map<string, Watched>();

  const end = (jti: string, how: TokenEnd) => {
    const entry = watched.get(jti);
    if (!entry) return;
    watched.delete(jti);
    clearTimeout(entry.timer);
    for (const listener of entry.listeners) listener(how);
  };

  const timerFor = ({ jti, exp }: Pick<Claims, 'jti' | 'exp'>): NodeJS.Timeout =>
    setTimeout(
      () => {
        if (clock.now() >= exp * 1000) return end(jti, 'expired');
        const entry = watched.get(jti);
        if (entry) entry.timer = timerFor({ jti, exp });
      },
      Math.min(LONGEST_MS, Math.max(0, exp * 1000 - clock.now())),
    );

  return {
    watch(claims, onEnd) {
      const entry = watched.get(claims.jti) ?? { claims, listeners: new Set(), timer: timerFor(claims) };
      watched.set(claims.jti, entry);
      entry.listeners.add(onEnd);
      return () => {
        entry.listeners.delete(onEnd);
        if (entry.listeners.size > 0 || watched.get(claims.jti) !== entry) return;
        watched.delete(claims.jti);
        clearTimeout(entry.timer);
      };
    },
    revoked: ({ jti }) => end(jti, 'revoked'),
    revokedUpTo(address, untilS) {
      for (const { claims } of watched.values()) {
        if (claims.address === address && claims.exp <= untilS) end(claims.jti, 'revoked');
      }
    },
  };
}

/** Aborted when the token counts no more; never where there is none. */
export function untilTokenEnds(
  claims: Claims | undefined,
  { watch }: Pick<TokenWatch, 'watch'>,
): Disposable & { readonly signal: AbortSignal } {
  const ended = new AbortController();
  const leave = claims && watch(claims, () => ended.abort());
  return { signal: ended.signal, [Symbol.dispose]: () => leave?.() };
}
