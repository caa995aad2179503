/** Whether the node has room for another job of somebody, by its quotas and by what the store counts. */
import type { Address, JobId } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Store } from '../store/store.ts';
import { ONE_SHARE, overKept, overWaiting, type Coming, type Over, type Quotas, type Standing } from './quotas.ts';

interface From {
  readonly owner: Address;
  readonly network: string | undefined;
}

export interface Full {
  readonly whose: Over['whose'];
  /** The address or the network; `all` for the node. */
  readonly name: string;
  readonly keptBytes: number;
  readonly mostBytes: number;
}

export interface Room {
  /** Throws QUOTA_REACHED for an address or a network that has enough here, NODE_FULL if it is the node that has. */
  require(from: From, coming: Coming): void;
  /** Why a job that waits must not begin yet, in words for its owner: nobody could keep what comes out of it. */
  whyNotYet(job: { readonly jobId: JobId; readonly owner: Address }): string | undefined;
  /** Who keeps all that they may, or more: their jobs wait. */
  full(): readonly Full[];
  /** Whose jobs may begin: asked once for all who wait. */
  whoMayBegin(): (waiting: { readonly owner: Address; readonly network: string; readonly isPaid: boolean }) => boolean;
}

export function createRoom(store: Pick<Store, 'usage'>, quotas: Quotas): Room {
  const { usage } = store;
  const standingOf = ({ owner, network }: From): Standing => ({
    owner: usage.of('owner', owner),
    network: network === undefined || network === '' ? undefined : usage.of('network', network),
    free: usage.of('class', 'free'),
    paid: usage.of('class', 'paid'),
  });
  return {
    require(from, coming) {
      const standing = standingOf(from);
      const over = overWaiting(coming, standing, quotas) ?? overKept(coming.isPaid, standing, quotas);
      if (over) throw refusalOf(over);
    },
    full() {
      const { keptBytes } = quotas;
      if (keptBytes === undefined) return [];
      const mostBytes = keptBytes * ONE_SHARE;
      const of = (whose: 'address' | 'network', kind: 'owner' | 'network') =>
        [...usage.keepersOf(kind, mostBytes)]
          .filter((name) => name !== '')
          .map((name) => ({ whose, name, keptBytes: usage.of(kind, name).keptBytes, mostBytes }));
      const all = usage.of('class', 'free').keptBytes + usage.of('class', 'paid').keptBytes;
      const mostOfAll = keptBytes * (1 - ONE_SHARE);
      const node = { whose: 'node', name: 'all', keptBytes: all, mostBytes: mostOfAll } as const;
      return [...(all >= mostOfAll ? [node] : []), ...of('address', 'owner'), ...of('network', 'network')];
    },
    whoMayBegin() {
      const { keptBytes } = quotas;
      if (keptBytes === undefined) return () => true;
      const most = keptBytes * ONE_SHARE;
      const [owners, networks] = [usage.keepersOf('owner', most), usage.keepersOf('network', most)];
      const all = usage.of('class', 'free').keptBytes + usage.of('class', 'paid').keptBytes;
      return ({ owner, network, isPaid }) =>
        !owners.has(owner) &&
        (network === '' || !networks.has(network)) &&
        all < keptBytes * (isPaid ? 1 : 1 - ONE_SHARE);
    },
    whyNotYet({ jobId, owner }) {
      if (quotas.keptBytes === undefined) return undefined;
      const { network, isPaid } = usage.originOf(jobId);
      const over = overKept(isPaid, standingOf({ owner, network }), quotas);
      return (
        over &&
        `${WHOSE[over.whose]}: ${over.what}, all that may be. It begins when some of them are deleted, or expire.`
      );
    },
  };
}

const WHOSE = {
  address: 'Of this address',
  network: 'Of this network',
  node: 'On this node',
} as const satisfies Readonly<Record<Over['whose'], string>>;

const RETRY_AFTER_S = 60;

function refusalOf({ whose, what, setting }: Over): CapstanError {
  const text = `${WHOSE[whose]}: ${what}, all that this node lets be (its setting gateway.quotas.${setting}).`;
  const headers = { 'Retry-After': String(RETRY_AFTER_S) };
  return whose === 'node'
    ? new CapstanError('NODE_FULL', `${text} Try again later.`, { headers })
    : new CapstanError('QUOTA_REACHED', `${text} Stop or delete some, or try again later.`, { headers });
}
