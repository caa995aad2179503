/** Who is signed in: a token, kept as long as the tab is open and nowhere else. */
import { NO_BODY_HASH, typedDomain, writeTypedHeader } from '@capstan/shared/contract/typed-signature';
import { TOKEN_PATH, type Api, type Session } from './api.ts';
import { findWallet } from './wallet.ts';

const KEY = 'capstan.session';
/** A working day; whoever wants longer pastes a token. */
const LASTS_S = 8 * 3_600;
/** How long a person may take to look at what they sign; below the five minutes that a node allows, for clocks differ. */
const SIGNED_WITHIN_S = 240;

export function storedSession(): Session | undefined {
  const token = sessionStorage.getItem(KEY);
  return token === null ? undefined : sessionOf(token);
}

export function storeSession(session: Session | undefined): void {
  if (session) sessionStorage.setItem(KEY, session.token);
  else sessionStorage.removeItem(KEY);
}

/** By the wallet of this browser: it signs once, for a token that stands for its owner from then on. */
export async function signInByWallet(api: Api): Promise<Session> {
  const wallet = findWallet();
  if (!wallet) throw new Error('This browser has no wallet. Install one, or paste a token.');
  const address = await wallet.address();
  const [nonce, { provider }] = await Promise.all([api.nextNonce(address), api.facts()]);
  const nowS = Math.floor(Date.now() / 1_000);
  const query = `expiration=${nowS + LASTS_S}`;
  const expires = String(nowS + SIGNED_WITHIN_S);
  const message = { method: 'GET', path: TOKEN_PATH, query, bodyHash: NO_BODY_HASH, consumer: address, nonce, expires };
  const signature = await wallet.sign(typedDomain(provider), message);
  return signInByToken(await api.createToken(query, writeTypedHeader({ address, nonce, expires, signature })));
}

export function signInByToken(text: string): Session {
  const session = sessionOf(text.trim());
  if (!session) throw new Error('That is no token of a node: it has three parts with dots between them.');
  return session;
}

/** What a token says of itself; whether it counts, the node decides. */
function sessionOf(token: string): Session | undefined {
  try {
    const claims = token.split('.')[1] ?? '';
    const { address } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))) as { address?: unknown };
    return typeof address === 'string' ? { token, address } : undefined;
  } catch {
    return undefined;
  }
}
