/** The store as the rest of the gateway sees it: tables to read, and `write` to change them. */
import { openDb, type Db, type Opening } from './db.ts';
import { createCommitter, type Committer } from './commit.ts';
import { createCursors, type Cursors } from './cursors.ts';
import { createDeadLetters, type DeadLetters } from './dead-letters.ts';
import { createEnvironments, type Environments } from './environments.ts';
import { createEvents, type Events } from './events.ts';
import { createJobOrders, type JobOrders } from './job-orders.ts';
import { createJobResources, type JobResources } from './job-resources.ts';
import { createJobs, type Jobs } from './jobs.ts';
import { createNotifications, type Notifications } from './notifications.ts';
import { createNonces, type Nonces } from './nonces.ts';
import { createPastRuns, type PastRuns } from './past-runs.ts';
import { createQueue, type Queue } from './queue.ts';
import { createReceiptTable, type ReceiptTable } from './receipts.ts';
import { createRevokedTokens, type RevokedTokens } from './revoked-tokens.ts';
import { createTallies, type Tallies } from './tallies.ts';
import { createStatuses, type Statuses } from './statuses.ts';
import { createUsage, type Usage } from './usage.ts';
import { createTurnTable, type TurnTable } from './turns.ts';
import { createTombstones, type Tombstones } from './tombstones.ts';
import { createUsedTexts, type UsedTexts } from './used-texts.ts';

export interface Store extends Committer {
  readonly jobs: Jobs;
  readonly pastRuns: PastRuns;
  readonly queue: Queue;
  readonly statuses: Statuses;
  readonly tallies: Tallies;
  readonly turns: TurnTable;
  readonly events: Events;
  readonly cursors: Cursors;
  readonly nonces: Nonces;
  readonly notifications: Notifications;
  readonly environments: Environments;
  readonly tombstones: Tombstones;
  readonly revokedTokens: RevokedTokens;
  readonly usedTexts: UsedTexts;
  readonly receipts: ReceiptTable;
  readonly jobOrders: JobOrders;
  readonly jobResources: JobResources;
  readonly deadLetters: DeadLetters;
  readonly usage: Usage;
  /** Writes something, inside `write`: if that resolves, commits reach the disk. */
  probe(at: number): void;
  /** Copies the store as it is to a new file, while it is in use. Rejects with what the disk says. */
  backup(path: string): Promise<void>;
  close(): void;
}

type StoreLog = Parameters<typeof createCommitter>[1];
const SILENT: StoreLog = { error: () => undefined };

/** Opens the store at `path`. Tables may be read at any time, and changed only inside `write`. */
export const openStore = (path: string, log: StoreLog = SILENT, opening?: Opening): Store =>
  storeOn(openDb(path, opening), log);

/** The store on a database that is open. */
export function storeOn(db: Db, log: StoreLog = SILENT): Store {
  const probe = db.prepare('insert into probe (id, at) values (1, ?) on conflict (id) do update set at = excluded.at');
  return {
    ...createCommitter(db, log),
    jobs: createJobs(db),
    pastRuns: createPastRuns(db),
    queue: createQueue(db),
    statuses: createStatuses(db),
    tallies: createTallies(db),
    turns: createTurnTable(db),
    events: createEvents(db),
    cursors: createCursors(db),
    nonces: createNonces(db),
    notifications: createNotifications(db),
    environments: createEnvironments(db),
    tombstones: createTombstones(db),
    revokedTokens: createRevokedTokens(db),
    usedTexts: createUsedTexts(db),
    receipts: createReceiptTable(db),
    jobOrders: createJobOrders(db),
    jobResources: createJobResources(db),
    deadLetters: createDeadLetters(db),
    usage: createUsage(db),
    probe: (at) => void probe.run(at),
    backup: (path) => db.backup(path),
    close: () => db.close(),
  };
}
