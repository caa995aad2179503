/**
 * Compares what the store knows with what runners announce, and sends again what is missing. Messages only make things fast; this
 * alone finishes every job, whatever the broker lost. However many there are, it looks at them in slices.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { putDesired } from '@capstan/shared/bus/desired';
import type { Desired } from '@capstan/shared/contract/messages';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import { createWake } from '@capstan/shared/runtime/wake';
import type { Deletions } from './deletions.ts';
import type { Transaction } from '../store/commit.ts';
import type { UnwantedJob } from '../store/jobs.ts';
import type { SentJob } from '../store/queue.ts';
import type { Store } from '../store/store.ts';
import type { ClearedWatch } from './cleared.ts';
import { endIfWaiting, tellRunners } from './desired-state.ts';
import type { Dispatch } from './dispatch.ts';
import type { LeftElsewhere } from './left-elsewhere.ts';
import { missing } from './lost-commands.ts';
import type { Runners } from '../scheduling/runners.ts';

const SWEEP_EVERY_MS = 15_000;
/** A command that went out less than this ago is still on its way, and what ended since is being cleared away. */
const GRACE_MS = 10_000;

interface SweepOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly runners: Pick<Runners, 'isLive' | 'isAnnounced' | 'announcedJobs' | 'onAnnounced'>;
  readonly dispatch: Pick<Dispatch, 'sendAgain' | 'wake'>;
  readonly deletions: Pick<Deletions, 'attempt'>;
  readonly cleared: Pick<ClearedWatch, 'ask'>;
  readonly upkeep: Pick<Upkeep, 'drain'>;
  readonly leftElsewhere: LeftElsewhere;
  readonly clock: Clock;
  readonly log: Log;
}

type AnnouncedJob = ReturnType<Runners['announcedJobs']>[number];

type Told = Pick<Desired, 'run' | 'want'> & { readonly jobId: JobId };

/** One kind of what there is to look at: `T`, of which `F` is what something must be done about. */
interface Walk<T, F> {
  readonly name: string;
  readonly page: (after: T | undefined, most: number) => readonly T[];
  readonly find: (rows: readonly T[]) => readonly F[];
  readonly act: (found: F) => Promise<unknown>;
}

export function createSweep(options: SweepOptions): Service {
  const { bus, store, runners, dispatch, deletions, cleared, upkeep, leftElsewhere, clock, log } = options;
  let stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let forget: readonly (() => void)[] = [];
  /** NATS forgot everything, or a runner began anew: what is on its way may never arrive. */
  let isUrgent = false;

  const endUnlessBegun = (transaction: Transaction, jobId: JobId) => {
    const job = store.jobs.find(jobId);
    if (job) endIfWaiting(store, transaction, { job, at: clock.now(), leftElsewhere });
  };

  const endUnwanted = async (job: UnwantedJob) => {
    // A stop of many that this gateway's last life did not finish.
    if (job.code === 1 || leftElsewhere(job) !== undefined)
      await store.write((transaction) => endUnlessBegun(transaction, job.jobId));
    else if (!isEnding(job.code)) await tellRunners({ bus, log }, job);
    else if (job.want === 'deleted') deletions.attempt(job);
  };

  const sendAgain = async ({ jobId, run }: SentJob) => {
    // A runner may have announced it since it was looked at.
    if (runners.isAnnounced(jobId, run)) return;
    log.info({ jobId, run }, 'no runner knows of this job, sending it again');
    await dispatch.sendAgain(jobId);
  };

  const lostAmong = (sent: readonly SentJob[], graceMs: number) => {
    const announced = new Set(runners.announcedJobs().map(({ jobId, run }) => `${jobId}.${run}`));
    const isAnnounced = (jobId: JobId, run: number) => announced.has(`${jobId}.${run}`);
    const live = new Map(
      [...new Set(sent.map(({ environment }) => environment))].map((id) => [id, runners.isLive(id)]),
    );
    const isLive = (id: EnvironmentId) => live.get(id) === true;
    return missing(sent, { now: clock.now(), graceMs, isLive, isAnnounced });
  };

  /** What is still to be told of runs that a runner is at, and that have ended or are gone. */
  const endsAmong = (announced: readonly AnnouncedJob[]) =>
    announced.flatMap(({ jobId, run }): readonly Told[] => {
      const job = store.jobs.find(jobId);
      const hasEnded = job ? job.run > run || isEnding(job.code) : false;
      if (hasEnded) return [{ jobId, run, want: 'ended' }];
      return !job && store.tombstones.find(jobId) ? [{ jobId, run, want: 'deleted' }] : [];
    });

  /** Looks at all of one kind in slices, page after page, and acts on what it finds after each, outside of the slice. */
  const walk = async <T, F>({ name, page, find, act }: Walk<T, F>, signal: AbortSignal) => {
    let last: T | undefined;
    let found: readonly F[] = [];
    await upkeep.drain({
      name,
      signal,
      step(most) {
        const rows = page(last, most);
        last = rows.at(-1) ?? last;
        found = find(rows);
        return rows.length;
      },
      async around(slice) {
        const count = slice();
        for (const one of found) if (!signal.aborted) await act(one);
        return count;
      },
    });
  };

  const sweep = async () => {
    if (!bus.isConnected()) return;
    const { signal } = stopping;
    const graceMs = isUrgent ? 0 : GRACE_MS;
    isUrgent = false;
    const same = <T>(rows: readonly T[]) => rows;
    await walk({ name: 'sweep: unwanted jobs', page: store.jobs.unwanted, find: same, act: endUnwanted }, signal);
    const announced = runners.announcedJobs();
    let told = 0;
    const ends: Walk<AnnouncedJob, Told> = {
      name: 'sweep: jobs of runners',
      page: (_, most) => announced.slice(told, (told += most)),
      find: endsAmong,
      act: ({ jobId, ...wish }) => putDesired(bus, jobId, wish),
    };
    await walk(ends, signal);
    const find = (sent: readonly SentJob[]) => lostAmong(sent, graceMs);
    await walk({ name: 'sweep: jobs sent', page: store.queue.sent, find, act: sendAgain }, signal);
    if (signal.aborted) return;
    cleared.ask(graceMs);
    dispatch.wake();
  };

  const wake = createWake(sweep, (error) => log.error({ err: error }, 'the sweep failed'));
  const wakeUrgently = () => {
    isUrgent = true;
    wake.wake();
  };

  return {
    name: 'sweep',
    start() {
      stopping = new AbortController();
      timer = setInterval(() => wake.wake(), SWEEP_EVERY_MS);
      forget = [
        bus.onConnected(wakeUrgently),
        runners.onAnnounced(({ isNew }) => (isNew ? wakeUrgently() : dispatch.wake())),
      ];
      wake.wake();
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      for (const each of forget) each();
      stopping.abort();
      await wake.idle();
    },
  };
}
