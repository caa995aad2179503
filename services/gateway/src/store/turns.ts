/** The tables of turns: when each owner, and each network that nobody paid for, was last given a place, counted by environment. */
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { Db } from './db.ts';

/** A job that waits for its turn, and what the next turns follow. */
export interface Turn {
  readonly environment: EnvironmentId;
  readonly owner: string;
  readonly network: string;
  readonly isPaid: boolean;
  /** The last turn that an owner had there; 0 for none. */
  readonly lastOfOwners: number;
  readonly lastOfNetworks: number;
  /** The place of the job that was accepted last, of all. */
  readonly lastAccepted: number;
  /** Of those that wait there beside it, the place of the first; undefined if none does. */
  readonly firstWaiting: number | undefined;
}

export type TurnTable = ReturnType<typeof createTurnTable>;

export function createTurnTable(db: Db) {
  const ofWaiting = db.prepare(`
    select environment, owner, network, is_paid,
      coalesce((select max(served) from turns where environment = jobs.environment), 0),
      coalesce((select max(served) from network_turns where environment = jobs.environment), 0),
      (select max(accepted) from jobs),
      (select accepted from jobs other indexed by jobs_queue
        where other.environment = jobs.environment and other.date_finished is null and other.dispatched_at is null
          and other.accepted <> jobs.accepted
        order by other.accepted limit 1)
    from jobs where job_id = ? and date_finished is null and dispatched_at is null`);
  const setOwner = db.prepare(`
    insert into turns (environment, owner, served) values (?, ?, ?)
    on conflict (environment, owner) do update set served = excluded.served`);
  const setNetwork = db.prepare(`
    insert into network_turns (environment, network, served) values (?, ?, ?)
    on conflict (environment, network) do update set served = excluded.served`);
  const forgetNetworks = db.prepare('delete from network_turns where environment = ? and served < ?');

  return {
    /** Undefined for a job that does not wait. */
    ofWaiting(jobId: JobId): Turn | undefined {
      const values = ofWaiting.values(jobId);
      if (!values) return undefined;
      const [environment, owner, network, isPaid, lastOfOwners, lastOfNetworks, lastAccepted, firstWaiting] = values;
      return {
        environment: environment as EnvironmentId,
        owner: owner as string,
        network: network as string,
        isPaid: isPaid === 1,
        lastOfOwners: lastOfOwners as number,
        lastOfNetworks: lastOfNetworks as number,
        lastAccepted: lastAccepted as number,
        firstWaiting: (firstWaiting as number | null) ?? undefined,
      };
    },
    setOwner(environment: EnvironmentId, owner: string, served: number): void {
      setOwner.run(environment, owner, served);
    },
    setNetwork(environment: EnvironmentId, network: string, served: number): void {
      setNetwork.run(environment, network, served);
    },
    /** Those whose last turn was before a place. */
    forgetNetworks(environment: EnvironmentId, before: number): void {
      forgetNetworks.run(environment, before);
    },
  };
}
