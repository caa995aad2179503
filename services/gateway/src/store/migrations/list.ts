/** Migrations, forward only, in order. A released one never changes: a new one is added at the end. */
import { initial } from './0001-initial.ts';
import { orders } from './0002-orders.ts';
import { live } from './0003-live.ts';
import { resources } from './0004-resources.ts';
import { results } from './0005-results.ts';
import { resultsDid } from './0006-results-did.ts';
import { turns } from './0007-turns.ts';
import { listedResults } from './0008-listed-results.ts';
import { usage } from './0009-usage.ts';
import { stoppedBy } from './0010-stopped-by.ts';
import { dates } from './0011-dates.ts';
import { notifyPlaces } from './0012-notify-places.ts';
import { purposes } from './0013-purposes.ts';
import { revokedOwners } from './0014-revoked-owners.ts';
import { pastRuns } from './0015-past-runs.ts';
import { starts } from './0016-starts.ts';
import { tallies } from './0017-tallies.ts';
import { receiptsNamed } from './0018-receipts-named.ts';
import { cleared } from './0019-cleared.ts';
import { networkTurns } from './0020-network-turns.ts';
import { looks } from './0021-looks.ts';
import { keptOrders } from './0022-kept-orders.ts';
import { notifyNetworks } from './0023-notify-networks.ts';
import { decisionsInCode } from './0024-decisions-in-code.ts';

export const MIGRATIONS: readonly string[] = [
  initial,
  orders,
  live,
  resources,
  results,
  resultsDid,
  turns,
  listedResults,
  usage,
  stoppedBy,
  dates,
  notifyPlaces,
  purposes,
  revokedOwners,
  pastRuns,
  starts,
  tallies,
  receiptsNamed,
  cleared,
  networkTurns,
  looks,
  keptOrders,
  notifyNetworks,
  decisionsInCode,
];
