/** How many receivers are asked at the same time, PURE but for its counts: so many in all, few of one host, some of one owner, a quarter of one network. */

export interface Receiver {
  /** Of its host. */
  readonly place: string;
  readonly owner: string;
  /** Of its job. */
  readonly network: string;
}

const AT_ONCE = 64;
/** A host that says nothing holds its own place for as long as the longest wait, and nobody else's. */
const OF_ONE_HOST = 2;
/** An owner may name as many hosts as they like. */
const OF_ONE_OWNER = 8;
/** And anybody may be as many owners as they like. */
const OF_ONE_NETWORK = AT_ONCE / 4;

export function createReceiverPlaces() {
  const hosts = new Map<string, number>();
  const owners = new Map<string, number>();
  const networks = new Map<string, number>();
  let all = 0;
  const fullIn = (counts: ReadonlyMap<string, number>, most: number) =>
    [...counts].filter(([, count]) => count >= most).map(([name]) => name);
  const change = (counts: Map<string, number>, name: string, by: number) => {
    const count = (counts.get(name) ?? 0) + by;
    if (count === 0) counts.delete(name);
    else counts.set(name, count);
  };
  const count = ({ place, owner, network }: Receiver, by: number) => {
    change(hosts, place, by);
    change(owners, owner, by);
    change(networks, network, by);
    all += by;
  };
  return {
    left: () => AT_ONCE - all,
    fullHosts: () => fullIn(hosts, OF_ONE_HOST),
    fullOwners: () => fullIn(owners, OF_ONE_OWNER),
    fullNetworks: () => fullIn(networks, OF_ONE_NETWORK),
    /** Returns how to leave; undefined if there is no place. */
    take(receiver: Receiver): (() => void) | undefined {
      const isFull =
        all >= AT_ONCE ||
        (hosts.get(receiver.place) ?? 0) >= OF_ONE_HOST ||
        (owners.get(receiver.owner) ?? 0) >= OF_ONE_OWNER ||
        (networks.get(receiver.network) ?? 0) >= OF_ONE_NETWORK;
      if (isFull) return undefined;
      count(receiver, 1);
      return () => count(receiver, -1);
    },
  };
}
