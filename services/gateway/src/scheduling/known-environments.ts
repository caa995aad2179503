/**
 * The environments that runners have announced. What one costs comes from the gateway's own configuration where that names it; else from
 * the runner that announced it first, as long as that one offers it and is heard of: another runner may offer the same environment, not
 * change its terms. What its first runner drops goes over to another one that offers it.
 * They outlive the gateway's process, or a job for a runner that is away would be refused after a restart; they are forgotten with it.
 */
import type { EnvironmentConfig } from '@capstan/shared/config/environment';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import type { Announcement, Environment } from '@capstan/shared/contract/messages';
import type { Log } from '@capstan/shared/runtime/log';
import type { KnownEnvironment } from '../store/environments.ts';
import type { Store } from '../store/store.ts';

/** One that its runner offers no more, and that jobs still wait for: it takes no others. */
export interface KnownNow extends KnownEnvironment {
  readonly isWithdrawn: boolean;
}

export interface KnownEnvironments {
  get(id: EnvironmentId): KnownNow | undefined;
  all(): readonly KnownNow[];
  ids(): readonly EnvironmentId[];
  take(announcement: Announcement, at: number): void;
}

export interface Offer {
  readonly runnerId: string;
  readonly environment: Environment;
}

interface KnownEnvironmentsOptions {
  readonly store: Store;
  /** As the gateway's configuration has them, where it does. */
  readonly configured: readonly EnvironmentConfig[];
  /** Whether a runner was heard of lately. */
  readonly isHeard: (runnerId: string) => boolean;
  /** As another runner offers it that was heard of lately. */
  readonly offerElsewhere: (id: EnvironmentId, notBy: string) => Offer | undefined;
  readonly log: Log;
}

/** More than a node has, and as many as a list can show. */
export const MAX_ENVIRONMENTS = 500;
const FORGET_AFTER_MS = 30 * 24 * 3_600_000;
/** So that what is stored says when a runner was there last. */
const STORE_AGAIN_MS = 3_600_000;

type Terms = Pick<Environment, 'orders' | 'priceMin' | 'feeToken' | 'allowedChainId'>;
/** Where the gateway's configuration names no chains, what the runner says of them counts: nothing is loosened by silence. */
const termsOf = ({ orders, priceMin, feeToken, allowedChainId }: Terms): Terms => ({
  orders,
  priceMin,
  feeToken,
  ...(allowedChainId === undefined ? {} : { allowedChainId }),
});

export function createKnownEnvironments(options: KnownEnvironmentsOptions): KnownEnvironments {
  const { store, configured, isHeard, offerElsewhere, log } = options;
  const own = new Map(configured.map((environment) => [environment.id as string, termsOf(environment)]));
  const known = new Map<EnvironmentId, KnownEnvironment>(
    store.environments.all().map((one) => [one.environment.id, { ...one, environment: priced(one.environment) }]),
  );

  function priced(environment: Environment): Environment {
    return { ...environment, ...own.get(environment.id) };
  }

  const write = (work: () => void) => {
    store.write(work).catch((error: unknown) => log.warn({ err: error }, 'could not store the environments'));
  };

  const isNeeded = (id: EnvironmentId) => store.queue.hasWaiting(id) || store.queue.hasSent(id);

  const withdrawn = new Set<EnvironmentId>();
  const withdraw = (ids: readonly EnvironmentId[]) => {
    for (const id of ids) {
      if (known.has(id) && !withdrawn.has(id))
        log.warn({ environment: id }, 'jobs wait for an environment that nobody offers any more');
      if (known.has(id)) withdrawn.add(id);
    }
  };
  const shown = (one: KnownEnvironment): KnownNow => ({ ...one, isWithdrawn: withdrawn.has(one.environment.id) });

  const forget = (ids: readonly EnvironmentId[]) => {
    const gone = ids.filter((id) => !isNeeded(id));
    if (gone.length === 0) return;
    for (const id of gone) {
      known.delete(id);
      withdrawn.delete(id);
    }
    log.info({ environments: gone }, 'environments that nobody offers any more are forgotten');
    write(() => gone.forEach((id) => store.environments.remove(id)));
  };

  /** Those that this runner used to offer. */
  const leftOutBy = ({ runnerId, environments }: Announcement) => {
    const offered = new Set(environments.map(({ id }) => id));
    return [...known].filter(([id, { announcedBy }]) => announcedBy === runnerId && !offered.has(id)).map(([id]) => id);
  };

  /** Gives an environment to another runner that offers it; false where there is none. */
  const passOn = (id: EnvironmentId, from: string, at: number): boolean => {
    const offer = offerElsewhere(id, from);
    if (!offer) return false;
    const { runnerId, environment } = offer;
    log.info({ environment: id, from, runnerId }, 'an environment goes over to another runner that offers it');
    const one = { environment: priced(environment), storedAt: at, announcedBy: runnerId };
    known.set(id, one);
    write(() => store.environments.save(one));
    return true;
  };

  const longAway = (at: number) =>
    [...known]
      .filter(([, { announcedBy, storedAt }]) => at - storedAt > FORGET_AFTER_MS && !isHeard(announcedBy ?? ''))
      .map(([id]) => id);

  const remember = (offered: Environment, runnerId: string, at: number) => {
    const before = known.get(offered.id);
    if (!before && known.size >= MAX_ENVIRONMENTS) {
      log.warn({ runnerId, environment: offered.id }, `ignored an environment: ${MAX_ENVIRONMENTS} are known`);
      return;
    }
    const isOwners =
      before?.announcedBy === undefined || before.announcedBy === runnerId || !isHeard(before.announcedBy);
    const environment = priced(before && !isOwners ? before.environment : offered);
    const announcedBy = isOwners ? runnerId : before?.announcedBy;
    const isSame = before !== undefined && JSON.stringify(before.environment) === JSON.stringify(environment);
    if (isSame && before.announcedBy === announcedBy && at - before.storedAt < STORE_AGAIN_MS) return;
    const one = { environment, storedAt: at, announcedBy };
    known.set(environment.id, one);
    write(() => store.environments.save(one));
  };

  return {
    get(id) {
      const one = known.get(id);
      return one && shown(one);
    },
    all: () => [...known.values()].map(shown),
    ids: () => [...known.keys()],
    take(announcement, at) {
      const leftOut = leftOutBy(announcement).filter((id) => !passOn(id, announcement.runnerId, at));
      forget([...leftOut, ...longAway(at)]);
      withdraw(leftOut);
      for (const { id } of announcement.environments) withdrawn.delete(id);
      for (const environment of announcement.environments) remember(environment, announcement.runnerId, at);
    },
  };
}
