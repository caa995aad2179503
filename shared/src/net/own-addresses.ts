/**
 * The addresses of the machine whose networks this process sees. What listens on a public one of them trusts the machine more than the
 * public: so they are nobody's to reach in a stranger's name. It also runs in the container that looks for a job's network.
 */
import { networkInterfaces } from 'node:os';

/** Each once. They change while a process lives. */
export function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  return [...new Set(all)];
}
