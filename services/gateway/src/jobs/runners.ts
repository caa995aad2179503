/** What runners announce: which environments there are, which are live, and which jobs are being worked on. */
import { NOTHING, plus, totalOf, type Amounts } from '@capstan/shared/amounts';
import { broadcast, listen } from '@capstan/shared/bus/publish';
import { ALL_ANNOUNCEMENTS, WHO_IS_THERE } from '@capstan/shared/bus/subjects';
import type { Bus } from '@capstan/shared/bus/connect';
import type { Clock } from '@capstan/shared/clock';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { AnnouncementSchema, type Announcement, type Environment } from '@capstan/shared/contract/messages';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';
import { compile } from '@capstan/shared/validate';
import type { Store } from '../store/store.ts';

/** A runner that says nothing for this long is away. */
const LIVE_MS = 30_000;
const validate = compile(AnnouncementSchema);

export interface EnvironmentState {
  readonly environment: Environment;
  readonly isLive: boolean;
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
  environments(): readonly EnvironmentState[];
  isLive(id: EnvironmentId): boolean;
  isAnnounced(jobId: JobId, run: number): boolean;
  /** Every run that a live runner says it is at. */
  announcedJobs(): readonly { readonly jobId: JobId; readonly run: number }[];
  /** Runners heard of within the last 30 s. */
  liveRunners(): readonly string[];
  /** `isNew`: this process of the runner was not known before. */
  onAnnounced(listener: (announced: { readonly isNew: boolean }) => void): () => void;
}

interface Heard {
  readonly announcement: Announcement;
  readonly monotonicMs: number;
  readonly at: number;
}

interface RunnersOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export function createRunners({ bus, store, clock, log }: RunnersOptions): Runners {
  const stopping = new AbortController();
  const heard = new Map<string, Heard>();
  const listeners = new Set<(announced: { readonly isNew: boolean }) => void>();
  /** Environments outlive the gateway's process, or a job for a runner that is away would be refused after a restart. */
  const known = new Map(
    store.environments.all().map(({ environment, storedAt }) => [environment.id, { environment, storedAt }]),
  );

  const remember = (environment: Environment, at: number) => {
    const before = known.get(environment.id);
    known.set(environment.id, { environment, storedAt: at });
    if (before && JSON.stringify(before.environment) === JSON.stringify(environment)) return;
    store
      .write(() => store.environments.save(environment, at))
      .catch((error: unknown) =>
        log.warn({ err: error, environment: environment.id }, 'could not store an environment'),
      );
  };

  const hear = (message: unknown) => {
    const checked = validate(message);
    if (!checked.ok) {
      log.warn({ problems: checked.errors }, 'ignored an announcement that is not valid');
      return;
    }
    const announcement = checked.value;
    const at = clock.now();
    const before = heard.get(announcement.runnerId);
    heard.set(announcement.runnerId, { announcement, at, monotonicMs: clock.monotonicMs() });
    for (const environment of announcement.environments) remember(environment, at);
    const isNew = before?.announcement.instance !== announcement.instance;
    if (isNew) {
      const environments = announcement.environments.map(({ id }) => id);
      log.info({ runnerId: announcement.runnerId, environments, jobs: announcement.jobs.length }, 'a runner has come');
    }
    for (const listener of listeners) listener({ isNew });
  };

  const live = () => {
    const since = clock.monotonicMs() - LIVE_MS;
    return [...heard.values()]
      .filter(({ monotonicMs }) => monotonicMs >= since)
      .map(({ announcement }) => announcement);
  };

  const stateOf = ({ environment, storedAt }: { environment: Environment; storedAt: number }): EnvironmentState => {
    const offers = live().flatMap(({ environments, paused }) =>
      environments.filter(({ id }) => id === environment.id).map((offer) => ({ offer, paused })),
    );
    const open = offers.filter(({ paused }) => paused === undefined);
    const paused = open.length > 0 ? undefined : offers[0]?.paused;
    const jobs = live().flatMap((announcement) =>
      announcement.jobs.filter((job) => job.environment === environment.id),
    );
    return {
      environment,
      isLive: offers.length > 0,
      total: open.map(({ offer }) => totalOf(offer)).reduce(plus, NOTHING),
      ...(paused === undefined ? {} : { paused }),
      runningJobs: jobs.length,
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
      return found && stateOf(found);
    },
    environments: () => [...known.values()].map(stateOf),
    isLive: (id) => live().some(({ environments }) => environments.some((environment) => environment.id === id)),
    isAnnounced: (jobId, run) => live().some(({ jobs }) => jobs.some((job) => job.jobId === jobId && job.run === run)),
    announcedJobs: () => live().flatMap(({ jobs }) => jobs),
    liveRunners: () => live().map(({ runnerId }) => runnerId),
    onAnnounced(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
