/**
 * What surrounds a network. An IPv4 address costs money; of IPv6, whoever has a /48 has 65,536 networks, and a /48 is given away. So what one
 * network may have, all networks of a /48 together may have twice: one of them takes nothing from its neighbours, and many of them no more
 * than two strangers. What is written down of a job counts for the /48 alone.
 */

/** How many networks' shares all networks of a site have together. */
export const SHARES_OF_A_SITE = 2;

/** The /48 around an IPv6 network as `networkOf` names it; an IPv4 address is a site of its own. */
export function siteOf(network: string): string {
  const [, site] = /^([0-9a-f]+:[0-9a-f]+:[0-9a-f]+):[0-9a-f]+::\/64$/.exec(network) ?? [];
  return site === undefined ? network : `${site}::/48`;
}

export interface NetworkCounts {
  /** What the network has. */
  of(network: string): number;
  /** Whether so much more would be more than `most` for the network, or more than its site may have then. */
  isTooMuch(network: string, more: number, most: number): boolean;
  /** `more` may be negative. */
  add(network: string, more: number): void;
}

/** What networks have at the moment, and their sites. */
export function createNetworkCounts(): NetworkCounts {
  const counts = new Map<string, number>();
  const of = (name: string) => counts.get(name) ?? 0;
  const addTo = (name: string, more: number) => {
    const sum = of(name) + more;
    if (sum > 0) counts.set(name, sum);
    else counts.delete(name);
  };
  return {
    of,
    isTooMuch(network, more, most) {
      const site = siteOf(network);
      return of(network) + more > most || (site !== network && of(site) + more > most * SHARES_OF_A_SITE);
    },
    add(network, more) {
      const site = siteOf(network);
      addTo(network, more);
      if (site !== network) addTo(site, more);
    },
  };
}
