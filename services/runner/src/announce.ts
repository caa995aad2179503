/** Tells who listens what this runner offers and what it works on: at start, on change, when asked, and regularly, since nobody keeps it. */
import type { Bus } from '@capstan/shared/bus/connect';
import { broadcast, listen } from '@capstan/shared/bus/publish';
import { announceSubject, WHO_IS_THERE } from '@capstan/shared/bus/subjects';
import type { Announcement, Environment } from '@capstan/shared/contract/messages';
import type { Service } from '@capstan/shared/service';

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
  readonly jobs: () => Announcement['jobs'];
}

const INTERVAL_MS = 5_000;

export function createAnnouncer({ bus, self, environments, paused, jobs }: AnnouncerOptions): Announcer {
  let timer: NodeJS.Timeout | undefined;
  let forgetBus: (() => void) | undefined;
  const stopping = new AbortController();

  const announce = () => {
    const reason = paused();
    const announcement: Announcement = {
      v: 1,
      ...self,
      environments: [...environments],
      jobs: jobs(),
      ...(reason === undefined ? {} : { paused: reason }),
    };
    broadcast(bus, announceSubject(self.runnerId), announcement);
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
