/** What the gateway sees of a job at one moment: its row, what live runners say they are at, and what was said to them. */
import { LRUCache } from 'lru-cache';
import { atMost } from '@capstan/shared/runtime/at-most';
import type { Bus } from '@capstan/shared/bus/connect';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Runners } from '../scheduling/runners.ts';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import type { LeftElsewhere } from './left-elsewhere.ts';
import type { Observed, ObservedJob, RunWord, Said } from './plan.ts';

/** Jobs of which is known what was said or sent. Of one that is forgotten, it is said once more, or the sweep finds what is missing. */
const MOST_SAID = 10_000;

interface ObserveOptions {
  readonly bus: Pick<Bus, 'isConnected'>;
  readonly store: Store;
  readonly runners: Pick<Runners, 'announcedJobs' | 'isLive' | 'onAnnounced'>;
  readonly leftElsewhere: LeftElsewhere;
  /** Whether its start command is to go out, and NATS has not taken it yet. */
  readonly isUnsent: (jobId: JobId) => boolean;
  readonly clock: Clock;
}

export interface Observe {
  (jobId: JobId): Observed;
  /** Everything that is on its way is lost. */
  noteLoss(): void;
  /** NATS has taken the start command of a run. */
  noteSent(jobId: JobId, run: number): void;
  /** A run has ended just now, and runners are to hear this of it. */
  noteEnd(jobId: JobId, word: RunWord): void;
  /** Runners were told. */
  noteSaid(jobId: JobId, word: RunWord): void;
}

export function createObserve({ bus, store, runners, leftElsewhere, isUnsent, clock }: ObserveOptions): Observe {
  let lostBefore = 0;
  const sent = new LRUCache<JobId, { readonly run: number; readonly at: number }>(atMost(MOST_SAID));
  const endsUntold = new LRUCache<JobId, RunWord>(atMost(MOST_SAID));
  const said = new LRUCache<JobId, Map<number, Said>>(atMost(MOST_SAID));
  const announced = createAnnounced(runners, clock);

  /** The store notes when its place was given; NATS may have been away for long. */
  const sentAtOf = ({ jobId, run, sentAt }: JobRow): number | undefined => {
    if (sentAt === null) return undefined;
    const last = sent.get(jobId);
    return last?.run === run ? Math.max(sentAt, last.at) : sentAt;
  };

  const jobOf = (job: JobRow): ObservedJob => ({
    run: job.run,
    want: job.want,
    hasBegun: job.code !== 1,
    hasEnded: isEnding(job.code),
    sentAt: sentAtOf(job),
    isUnsent: isUnsent(job.jobId),
    isEnvironmentLive: announced.isLive(job.environment),
    isLeftElsewhere: leftElsewhere(job) !== undefined,
  });

  const observe = (jobId: JobId): Observed => {
    const job = store.jobs.find(jobId);
    return {
      now: clock.now(),
      lostBefore,
      isBusUp: bus.isConnected(),
      job: job && jobOf(job),
      isBuried: job === undefined && store.tombstones.find(jobId) !== undefined,
      announced: announced.runsOf(jobId),
      endUntold: endsUntold.get(jobId),
      said: said.get(jobId) ?? NOTHING_SAID,
    };
  };
  return Object.assign(observe, {
    noteLoss: () => void (lostBefore = clock.now()),
    noteSent: (jobId: JobId, run: number) => void sent.set(jobId, { run, at: clock.now() }),
    noteEnd(jobId: JobId, word: RunWord) {
      // Nobody would hear it, and a runner that comes back later is seen to be at what has ended.
      if (bus.isConnected()) endsUntold.set(jobId, word);
    },
    noteSaid(jobId: JobId, { run, want }: RunWord) {
      if (endsUntold.get(jobId)?.run === run) endsUntold.delete(jobId);
      said.set(jobId, new Map([...(said.get(jobId) ?? []), [run, { want, at: clock.now() }]]));
    },
  });
}

const NOTHING_SAID: ReadonlyMap<number, Said> = new Map();

/** As long as nobody has announced anything, what was found in the announcements is good for a moment: many jobs are looked at one after the other. */
const MOMENT_MS = 50;

function createAnnounced(runners: ObserveOptions['runners'], clock: Pick<Clock, 'monotonicMs'>) {
  let runs = new Map<JobId, number[]>();
  let live = new Map<EnvironmentId, boolean>();
  let seenAtMs = -Infinity;
  runners.onAnnounced(() => void (seenAtMs = -Infinity));
  const refresh = () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - seenAtMs < MOMENT_MS) return;
    seenAtMs = nowMs;
    runs = new Map();
    live = new Map();
    for (const { jobId, run } of runners.announcedJobs()) runs.set(jobId, [...(runs.get(jobId) ?? []), run]);
  };
  return {
    runsOf(jobId: JobId): readonly number[] {
      refresh();
      return runs.get(jobId) ?? [];
    },
    isLive(id: EnvironmentId): boolean {
      refresh();
      const known = live.get(id) ?? runners.isLive(id);
      live.set(id, known);
      return known;
    },
  };
}
