/**
 * `removed` of a job becomes 1 when its runner says that nothing of the ended run is left in its engine. The word is no event and may be
 * lost: with each sweep, runners are asked for some of those of which nothing was heard.
 */
import { broadcast, listen } from '@capstan/shared/bus/publish';
import type { Bus } from '@capstan/shared/bus/connect';
import { ALL_CLEARED, WHAT_IS_LEFT } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/runtime/clock';
import { ClearedSchema, MOST_RUNS_ASKED, type Cleared, type RemainsQuestion } from '@capstan/shared/contract/cleared';
import type { JobId } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { compile } from '@capstan/shared/schema/validate';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import type { Runners } from '../scheduling/runners.ts';

export type RemovedRun = Cleared['runs'][number];

export interface ClearedWatch extends Service {
  /** Asks for the next ones that ended so long ago; after the last one, for the first again. */
  ask(graceMs: number): void;
}

interface ClearedOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly runners: Pick<Runners, 'isAnnounced' | 'liveRunners'>;
  readonly onRemoved: (run: RemovedRun, job: JobRow) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Words that came before the ends that they are about. One that is forgotten is asked for. */
const MOST_EARLY = 1_000;

const validate = compile(ClearedSchema);
const nameOf = ({ jobId, run }: RemovedRun) => `${jobId}.${run}`;

export function createCleared({ bus, store, runners, onRemoved, clock, log }: ClearedOptions): ClearedWatch {
  const listening = new AbortController();
  const early = new Map<string, Cleared>();
  /** Of what was asked for last, the runners that have nothing. */
  let answers = new Map<string, Set<string>>();
  let place = 0;

  /** Where its algorithm was started, that runner alone can know; of anything else, who ended it, or all that are there. */
  const isGone = (job: JobRow, { because, runnerId, former }: Cleared): boolean => {
    if (job.start) return [runnerId, ...former].includes(job.start.runnerId);
    if (because === 'ended') return true;
    const without = answers.get(nameOf(job));
    without?.add(runnerId);
    return without !== undefined && runners.liveRunners().every((id) => without.has(id));
  };

  const take = async (word: Cleared) => {
    const gone = word.runs.filter(({ jobId, run }) => {
      const job = store.jobs.find(jobId);
      if (job?.run !== run || job.removed === 1) return false;
      if (isEnding(job.code)) return isGone(job, word);
      if (word.because === 'ended' && early.size < MOST_EARLY)
        early.set(nameOf(job), { ...word, runs: [{ jobId, run }] });
      return false;
    });
    if (gone.length === 0) return;
    const removed = await store.write(() => gone.flatMap((run) => store.jobs.cleared(run) ?? []));
    for (const job of removed) onRemoved({ jobId: job.jobId, run: job.run }, job);
  };

  const takeSafely = (word: Cleared) => {
    take(word).catch((error: unknown) => log.warn({ err: error }, 'that runs are cleared away could not be stored'));
  };

  const hear = (message: unknown) => {
    const checked = validate(message);
    if (checked.ok) takeSafely(checked.value);
    else log.warn({ problems: checked.errors }, 'ignored a word on what is cleared away that is not valid');
  };

  const ended = (jobId: JobId, run: number) => {
    const word = early.get(nameOf({ jobId, run }));
    if (word && early.delete(nameOf({ jobId, run }))) takeSafely(word);
  };

  return {
    name: 'cleared',
    start() {
      listen(bus, { subject: ALL_CLEARED, handle: hear, signal: listening.signal });
      const forget = store.onCommitted((events) => {
        for (const { event } of events) if (isEnding(event.code)) ended(event.jobId, event.run);
      });
      listening.signal.addEventListener('abort', forget, { once: true });
      return Promise.resolve();
    },
    stop() {
      listening.abort();
      return Promise.resolve();
    },
    ask(graceMs) {
      // Nobody to ask, or not heard of yet: who answers alone would speak for all.
      if (runners.liveRunners().length === 0) return;
      const found = store.jobs.uncleared(place, clock.now() - graceMs, MOST_RUNS_ASKED);
      place = found.length < MOST_RUNS_ASKED ? 0 : (found.at(-1)?.id ?? 0);
      const runs = found
        .map(({ jobId, run }) => ({ jobId, run }))
        .filter(({ jobId, run }) => !runners.isAnnounced(jobId, run));
      answers = new Map(runs.map((run) => [nameOf(run), new Set()]));
      if (runs.length > 0) broadcast(bus, WHAT_IS_LEFT, { v: 1, runs } satisfies RemainsQuestion);
    },
  };
}
