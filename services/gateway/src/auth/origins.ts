/** Which web pages are strangers to this node. Browsers send the origin of a page with what it asks; whoever is no page has none. */
import type { IncomingHttpHeaders } from 'node:http';
import { hostnameOf, isLoopbackName } from './hosts.ts';

/** Whether a page of another origin asks, one that the node's operator has not named. */
export type IsForeign = (headers: Pick<IncomingHttpHeaders, 'origin' | 'host'>) => boolean;

/** `origins`: as configured; `*` lets any page read, and names none. */
export const createIsForeign =
  (origins: readonly string[]): IsForeign =>
  ({ origin, host }) => {
    if (origin === undefined || origins.includes(origin)) return false;
    const [, authority] = /^https?:\/\/([^/]+)$/i.exec(origin) ?? [];
    if (authority === undefined) return true;
    // The node's own pages, and those that programs of this very machine serve.
    return authority !== host && !isLoopbackName(hostnameOf(authority));
  };
