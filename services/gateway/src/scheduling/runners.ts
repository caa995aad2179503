/** What runners announce: which environments there are, which are live, and which jobs are being worked on. */
import { NOTHING, plus, totalOf, type Amounts } from '@capstan/shared/contract/amounts';
import { broadcast, listen } from '@capstan/shared/bus/publish';
import { ALL_ANNOUNCEMENTS, WHO_IS_THERE } from '@capstan/shared/bus/subjects';
import type { Bus } from '@capstan/shared/bus/connect';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { EnvironmentConfig } from '@capstan/shared/config/environment';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { AnnouncementSchema, type Announcement, type Environment } from '@capstan/shared/contract/messages';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import type { UpkeepReport } from '@capstan/shared/runtime/upkeep';
import { compile } from '@capstan/shared/schema/validate';
import type { Store } from '../store/store.ts';
import { servesChain } from './chains-served.ts';
import { createKnownEnvironments, type KnownNow, type Offer } from './known-environments.ts';

/** A runner that says nothing for this long is away. */
const LIVE_MS = 30_000;
/** At once: each of them is looked through for every list. */
const MAX_RUNNERS = 200;
const validate = compile(AnnouncementSchema);

export interface EnvironmentState {
  readonly environment: Environment;
  readonly isLive: boolean;
  /** Its runner offers it no more: those that wait for it are told, and it takes no others. */
  readonly isWithdrawn: boolean;
  /** What its live runners have together for jobs to begin with. */
  readonly total: Amounts;
  /** Why none of its live runners begins a job for now. */
  readonly paused?: string;
  readonly runningJobs: number;
  /** Unix milliseconds. */
  readonly lastSeen: number;
}

export interface Runners extends Service {
  environment(id: string): EnvironmentState | undefined;
  /** Also those that were withdrawn and that jobs still wait for. */
  environments(): readonly EnvironmentState[];
  /** Of environments that want money for assets of that chain, in their order. */
  feeTokens(chainId: number): readonly string[];
  /** Of all environments that are known. */
  ids(): readonly EnvironmentId[];
  isLive(id: EnvironmentId): boolean;
  isAnnounced(jobId: JobId, run: number): boolean;
  /** Every run that a live runner says it is at. */
  announcedJobs(): readonly { readonly jobId: JobId; readonly run: number }[];
  /** Runners heard of within the last 30 s. */
  liveRunners(): readonly string[];
  /** What an operator must act on, by the runners that are there. */
  troubles(): readonly string[];
  /** What they tidy up, each under the runner's id. */
  upkeep(): readonly UpkeepReport[];
  /** Says from then on whether all that is told here of runners is as it was: none was heard of, and none fell silent. */
  unchanged(): () => boolean;
  /** `isNew`: this process of the runner was not known before. */
  onAnnounced(listener: (announced: { readonly isNew: boolean }) => void): () => void;
}

interface Heard {
  readonly announcement: Announcement;
  readonly monotonicMs: number;
}

interface RunnersOptions {
  readonly bus: Bus;
  readonly store: Store;
  /** Environments of the gateway's own configuration, where it names any. */
  readonly configured?: readonly EnvironmentConfig[];
  readonly clock: Clock;
  readonly log: Log;
}

export function createRunners({ bus, store, configured = [], clock, log }: RunnersOptions): Runners {
  const stopping = new AbortController();
  const heard = new Map<string, Heard>();
  const listeners = new Set<(announced: { readonly isNew: boolean }) => void>();
  let announcements = 0;
  const isLiveSince = () => clock.monotonicMs() - LIVE_MS;
  const isHeard = (runnerId: string) => (heard.get(runnerId)?.monotonicMs ?? -Infinity) >= isLiveSince();
  const offerElsewhere = (id: EnvironmentId, notBy: string): Offer | undefined => {
    for (const { runnerId, environments } of live()) {
      const environment = runnerId === notBy ? undefined : environments.find((offered) => offered.id === id);
      if (environment) return { runnerId, environment };
    }
    return undefined;
  };
  const known = createKnownEnvironments({ store, configured, isHeard, offerElsewhere, log });

  const hear = (message: unknown) => {
    const checked = validate(message);
    if (!checked.ok) {
      log.warn({ problems: checked.errors }, 'ignored an announcement that is not valid');
      return;
    }
    const announcement = checked.value;
    const at = clock.now();
    const before = heard.get(announcement.runnerId);
    for (const id of heard.keys()) if (id !== announcement.runnerId && !isHeard(id)) heard.delete(id);
    if (!before && heard.size >= MAX_RUNNERS) {
      log.warn({ runnerId: announcement.runnerId }, `ignored a runner: ${MAX_RUNNERS} are heard of`);
      return;
    }
    announcements += 1;
    known.take(announcement, at);
    heard.set(announcement.runnerId, { announcement, monotonicMs: clock.monotonicMs() });
    const isNew = before?.announcement.instance !== announcement.instance;
    if (isNew) {
      const environments = announcement.environments.map(({ id }) => id);
      log.info({ runnerId: announcement.runnerId, environments, jobs: announcement.jobs.length }, 'a runner has come');
    }
    for (const listener of listeners) listener({ isNew });
  };

  const live = () => {
    const since = isLiveSince();
    return [...heard.values()]
      .filter(({ monotonicMs }) => monotonicMs >= since)
      .map(({ announcement }) => announcement);
  };

  /** What live runners offer and do, by environment, in one pass. */
  const overview = () => {
    const offers = new Map<EnvironmentId, { offer: Environment; paused: string | undefined }[]>();
    const jobs = new Map<EnvironmentId, number>();
    for (const { environments, paused, jobs: atWork } of live()) {
      for (const offer of environments) {
        const there = offers.get(offer.id);
        if (there) there.push({ offer, paused });
        else offers.set(offer.id, [{ offer, paused }]);
      }
      for (const { environment } of atWork) jobs.set(environment, (jobs.get(environment) ?? 0) + 1);
    }
    return { offers, jobs };
  };

  const stateOf = (
    { environment, storedAt, isWithdrawn }: Pick<KnownNow, 'environment' | 'storedAt' | 'isWithdrawn'>,
    { offers: all, jobs }: ReturnType<typeof overview>,
  ): EnvironmentState => {
    const offers = all.get(environment.id) ?? [];
    const open = offers.filter(({ paused }) => paused === undefined);
    const paused = open.length > 0 ? undefined : offers[0]?.paused;
    return {
      environment,
      isLive: offers.length > 0,
      isWithdrawn: isWithdrawn && offers.length === 0,
      total: open.map(({ offer }) => totalOf(offer)).reduce(plus, NOTHING),
      ...(paused === undefined ? {} : { paused }),
      runningJobs: jobs.get(environment.id) ?? 0,
      lastSeen: storedAt,
    };
  };

  return {
    name: 'runners',
    start() {
      listen(bus, { subject: ALL_ANNOUNCEMENTS, handle: hear, signal: stopping.signal });
      const ask = () => broadcast(bus, WHO_IS_THERE, { v: 1 });
      stopping.signal.addEventListener('abort', bus.onConnected(ask), { once: true });
      ask();
      return Promise.resolve();
    },
    stop() {
      stopping.abort();
      return Promise.resolve();
    },
    environment(id) {
      const found = known.get(id as EnvironmentId);
      return found && stateOf(found, overview());
    },
    environments() {
      const now = overview();
      return known.all().map((one) => stateOf(one, now));
    },
    feeTokens: (chainId) =>
      known
        .all()
        .filter(({ environment }) => environment.orders === 'chain' && servesChain(environment, chainId))
        .map(({ environment }) => environment.feeToken),
    ids: known.ids,
    isLive: (id) => live().some(({ environments }) => environments.some((environment) => environment.id === id)),
    isAnnounced: (jobId, run) => live().some(({ jobs }) => jobs.some((job) => job.jobId === jobId && job.run === run)),
    announcedJobs: () => live().flatMap(({ jobs }) => jobs),
    liveRunners: () => live().map(({ runnerId }) => runnerId),
    troubles: () => live().flatMap(({ runnerId, troubles = [] }) => troubles.map((each) => `${runnerId}: ${each}`)),
    upkeep: () =>
      live().flatMap(({ runnerId, upkeep = [] }) =>
        upkeep.map((one) => ({ ...one, name: `${runnerId}: ${one.name}` })),
      ),
    unchanged() {
      const [asOf, since] = [announcements, isLiveSince()];
      const lives = [...heard.values()].filter(({ monotonicMs }) => monotonicMs >= since);
      const firstSilent = lives.reduce((first, { monotonicMs }) => Math.min(first, monotonicMs), Infinity);
      return () => announcements === asOf && firstSilent >= isLiveSince();
    },
    onAnnounced(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
