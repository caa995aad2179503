/**
 * Which fees of a transaction were paid, PURE. That a datatoken says so is not enough: a contract that only claims to be Ocean's may say
 * anything. And a transfer pays once. Ocean's datatokens tell of a fee and then send the money themselves, so each fee takes the transfers of
 * its own datatoken nearest after it that no later fee has taken. What others send in the same transaction pays for nothing: it may be money
 * that the node had coming anyway, from a contract that lets anybody send it off. Time is linear in the events.
 */
import type { ChainEvent, ProviderFee } from './events.ts';

/** Ocean's contracts keep a share of a fee for the community; a token that arrives in part only was not Ocean's contract's doing. */
const LEAST_SHARE_PERCENT = 90n;

/** What one receiver got of one token from one sender, and no fee has taken yet. */
interface Purse {
  readonly values: bigint[];
  total: bigint;
}

/** `events`: of one transaction, in their order. */
export function feesReceived(events: readonly ChainEvent[]): ReadonlySet<ProviderFee> {
  const purses = new Map<string, Purse>();
  const purseOf = (token: string, sender: string, receiver: string): Purse => {
    const key = `${token} ${sender} ${receiver}`;
    const purse = purses.get(key) ?? { values: [], total: 0n };
    purses.set(key, purse);
    return purse;
  };
  const received = new Set<ProviderFee>();
  for (const event of events.toReversed()) {
    if (event.kind === 'transfer' && event.value > 0n) put(purseOf(event.by, event.from, event.to), event.value);
    if (event.kind === 'fee' && take(purseOf(event.token, event.by, event.address), event.amount)) received.add(event);
  }
  return received;
}

function put(purse: Purse, value: bigint): void {
  purse.values.push(value);
  purse.total += value;
}

/** Whether there was enough; the transfers that pay are gone then, whole. */
function take(purse: Purse, amount: bigint): boolean {
  let missing = amount * LEAST_SHARE_PERCENT;
  if (purse.total * 100n < missing) return false;
  while (missing > 0n) {
    const value = purse.values.pop() ?? 0n;
    purse.total -= value;
    missing -= value * 100n;
  }
  return true;
}
