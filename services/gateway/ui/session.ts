/** Who is signed in: a token, kept as long as the tab is open and nowhere else. */
import type { Api } from './api.ts';
import { findWallet } from './wallet.ts';

export interface Session {
  readonly token: string;
  /** In lower case. */
  readonly address: string;
}

const KEY = 'capstan.session';
/** A working day; whoever wants longer pastes a token. */
const LASTS_S = 8 * 3_600;

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
  const nonce = await api.nextNonce(address);
  const signature = await wallet.sign(address + nonce, address);
  const expiration = String(Math.floor(Date.now() / 1_000) + LASTS_S);
  return signInByToken(await api.createToken({ address, nonce, signature, expiration }));
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
