/** Tells who listens what this runner offers and what it works on: at start, on change, when asked, and regularly, since nobody keeps it. */
import type { Bus } from '@capstan/shared/bus/connect';
import { broadcast, listen } from '@capstan/shared/bus/publish';
import { fits, mostThatFit } from '@capstan/shared/bus/size';
import { announceSubject, WHO_IS_THERE } from '@capstan/shared/bus/subjects';
import type { Announcement, Environment } from '@capstan/shared/contract/messages';
import type { Log } from '@capstan/shared/runtime/log';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import type { Service } from '@capstan/shared/runtime/service';

export interface Announcer extends Service {
  /** Something changed. */
  announce(): void;
}

interface AnnouncerOptions {
  readonly bus: Bus;
  readonly self: Pick<Announcement, 'runnerId' | 'instance' | 'since'>;
  readonly environments: readonly Environment[];
  /** Why no job begins for now, if none does. */
  readonly paused: () => string | undefined;
  /** What a person must act on, though jobs begin. */
  readonly troubles: () => readonly string[];
  readonly jobs: () => Announcement['jobs'];
  readonly log: Log;
  readonly upkeep: Pick<Upkeep, 'report'>;
}

const INTERVAL_MS = 5_000;
/** Of a description that can't be told whole. */
const BRIEF_CHARS = 100;

export function createAnnouncer(options: AnnouncerOptions): Announcer {
  const { bus, self, environments, paused, troubles, jobs, upkeep, log } = options;
  let isWarned = false;
  let timer: NodeJS.Timeout | undefined;
  let forgetBus: (() => void) | undefined;
  const stopping = new AbortController();

  const announce = () => {
    const reason = paused();
    const found = troubles();
    const announcement: Announcement = {
      v: 1,
      ...self,
      environments: [...environments],
      jobs: jobs(),
      upkeep: [...upkeep.report()],
      ...(reason === undefined ? {} : { paused: reason }),
      ...(found.length === 0 ? {} : { troubles: [...found] }),
    };
    broadcast(bus, announceSubject(self.runnerId), fitted(announcement));
  };

  /** A gateway that does not hear of a job sends its command again, which changes nothing; one that hears nothing takes the runner for gone. */
  const fitted = (announcement: Announcement): Announcement => {
    if (fits(bus, announcement)) return announcement;
    const brief = announcement.environments.map((one) => ({ ...one, desc: one.desc.slice(0, BRIEF_CHARS) }));
    const withJobs = (some: Announcement['jobs']) => ({ ...announcement, environments: brief, jobs: some });
    const some = mostThatFit(bus, announcement.jobs, (list) => withJobs([...list])) ?? [];
    if (!isWarned) {
      isWarned = true;
      log.warn(
        { jobs: announcement.jobs.length, told: some.length },
        'what this runner offers and does is more than NATS takes as one message; it is told in short. Set max_payload of NATS to 1 MB',
      );
    }
    return withJobs([...some]);
  };

  return {
    name: 'announcer',
    start() {
      announce();
      timer = setInterval(announce, INTERVAL_MS);
      forgetBus = bus.onConnected(announce);
      listen(bus, { subject: WHO_IS_THERE, handle: announce, signal: stopping.signal });
      return Promise.resolve();
    },
    stop() {
      clearInterval(timer);
      forgetBus?.();
      stopping.abort();
      return Promise.resolve();
    },
    announce,
  };
}
