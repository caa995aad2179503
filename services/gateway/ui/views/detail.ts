/** One job, whole: its phases, facts, timeline, log and results. */
import type { StatusObject } from '@capstan/shared/contract/api';
import { button, el, setAttribute, setText } from '../dom.ts';
import { duration, elapsed, msOf, short } from '../format.ts';
import type { JobEvent, KnownJob } from '../jobs.ts';
import { hasEnded, standingOf } from '../phases.ts';
import type { Stream } from '../log-lines.ts';
import { earlierRuns } from './earlier-runs.ts';
import { showFacts, showReason } from './facts.ts';
import { wayOf } from './job-row.ts';
import { logView } from './log.ts';
import { phaseBar } from './phase-bar.ts';
import { resultsView } from './results.ts';
import { timeline } from './timeline.ts';

export interface DetailOptions {
  readonly jobId: string;
  readonly isOwner: (job: StatusObject) => boolean;
  readonly mayStop: (job: StatusObject) => boolean;
  readonly stop: (job: StatusObject) => Promise<void>;
  readonly remove: (job: StatusObject) => Promise<void>;
  readonly runAgain: (job: StatusObject) => Promise<void>;
  /** How the job stood at the end of an earlier run; undefined where it is no longer kept. */
  readonly fetchRun: (job: StatusObject, run: number) => Promise<StatusObject | undefined>;
  /** Of its last run, or of an earlier one. */
  readonly fetchResult: (job: StatusObject, index: number, run?: number) => Promise<Blob>;
  readonly onClose: () => void;
  /** Its line is gone, or goes any moment. */
  readonly onRemoved: () => void;
  readonly say: (text: string) => void;
  readonly fail: (problem: string) => void;
}

export interface Detail {
  readonly element: HTMLElement;
  update(known: KnownJob, events: readonly JobEvent[]): void;
  log(stream: Stream, text: string): void;
  refuseLog(text: string): void;
  endLog(): void;
  /** Another run or attempt writes a log of its own. */
  clearLog(): void;
  /** There is no such job, or none that the caller may see. */
  absent(): void;
}

export function createDetail(options: DetailOptions): Detail {
  const { jobId, isOwner, mayStop, onClose, say, fail } = options;
  let job: StatusObject | undefined;

  const state = el('p', { class: 'state' });
  const time = el('span', { class: 'time' });
  const bar = phaseBar(true);
  const reason = el('div', { class: 'reason' });
  const facts = el('dl', { class: 'facts' });
  const events = el('ol', { class: 'timeline' });
  const showEvents = timeline(events);
  const noJob = () => Promise.reject(new Error('There is no job.'));
  const isMine = () => job !== undefined && isOwner(job);
  const results = resultsView({
    title: 'Results',
    level: 'h3',
    fetchResult: (index) => (job ? options.fetchResult(job, index) : noJob()),
    isOwner: isMine,
    onFailed: fail,
  });
  const runs = earlierRuns({
    fetchRun: (run) => (job ? options.fetchRun(job, run) : noJob()),
    fetchResult: (index, run) => (job ? options.fetchResult(job, index, run) : noJob()),
    isOwner: isMine,
    onFailed: fail,
  });
  const log = logView({ filename: `${jobId}.log`, onCopied: say });

  const title = el('h2', { tabindex: '-1' }, 'Job ', el('span', { class: 'id', title: jobId }, short(jobId)));
  /** Whether it was done. A button that can't be pressed, or is gone, loses the focus: it has it again, or the title has. */
  const busy = async (pressed: HTMLButtonElement, work: Promise<void>): Promise<boolean> => {
    const isFocused = document.activeElement === pressed;
    pressed.disabled = true;
    try {
      await work;
      return true;
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
      return false;
    } finally {
      pressed.disabled = false;
      if (isFocused && document.activeElement === document.body) (pressed.hidden ? title : pressed).focus();
    }
  };

  const stopIt = async () => {
    if (!job || !window.confirm('Stop this job? What it has written so far is kept; it can not go on.')) return;
    const stopping = options.stop(job);
    setText(stop, 'Stopping …');
    await busy(stop, stopping);
    setText(stop, 'Stop job');
  };
  const stop = button('Stop job', () => void stopIt(), { class: 'danger' });
  const removeIt = async () => {
    if (
      !job ||
      !window.confirm('Delete this job with its results, its log and its history? It can not be brought back.')
    )
      return;
    if (!(await busy(remove, options.remove(job)))) return;
    options.onRemoved();
    say('Job deleted.');
  };
  const remove = button('Delete', () => void removeIt(), { class: 'danger', 'aria-label': 'Delete the job' });
  const runAgainIt = async () => {
    if (!job) return;
    if (await busy(again, options.runAgain(job))) say('The job is started again.');
  };
  const again = button('Run again', () => void runAgainIt(), { 'aria-label': 'Run the job again' });
  const copyId = button('Copy id', () => void navigator.clipboard.writeText(jobId).then(() => say('Job id copied.')), {
    class: 'small',
  });
  const close = button('✕', onClose, { class: 'close', 'aria-label': 'Close the job' });

  const body = el(
    'div',
    { class: 'detail-body' },
    bar.element,
    reason,
    el('section', { 'aria-labelledby': 'timeline-title' }, el('h3', { id: 'timeline-title' }, 'Timeline'), events),
    results.element,
    log.element,
    runs.element,
    el('section', { 'aria-labelledby': 'facts-title' }, el('h3', { id: 'facts-title' }, 'Facts'), facts),
  );
  const head = el(
    'header',
    {},
    el('div', { class: 'title' }, title, copyId, again, stop, remove, close),
    el('div', { class: 'line' }, state, time),
  );
  const element = el('div', { class: 'job-detail' }, head, body);
  stop.hidden = true;
  remove.hidden = true;
  again.hidden = true;

  return {
    element,
    update(known, happened) {
      const focused = document.activeElement;
      ({ job } = known);
      const isOver = hasEnded(job.status);
      setAttribute(element, 'data-standing', standingOf(job.status));
      setText(state, job.statusText);
      setText(time, timeOf(job, happened));
      bar.update(wayOf({ ...known, before: happened.map(({ status }) => status) }));
      showReason(reason, job);
      showEvents(happened);
      results.update(job.results);
      runs.update(job.run);
      showFacts(facts, job);
      stop.hidden = isOver || !mayStop(job);
      remove.hidden = !isOver || !isOwner(job);
      again.hidden = !isOver || !isOwner(job);
      if ([stop, remove, again].some((each) => each.hidden && each === focused)) title.focus();
    },
    log: log.add,
    refuseLog: log.refuse,
    endLog: log.end,
    clearLog: log.clear,
    absent() {
      setText(state, 'Not found');
      body.replaceChildren(
        el(
          'p',
          { class: 'empty' },
          'There is no such job here, or it is not yours to see. Check the id, or sign in as its owner.',
        ),
      );
    },
  };
}

/** How long the last run takes, or took: a job may be run again long after it was accepted. */
function timeOf({ dateCreated, dateFinished, run }: StatusObject, events: readonly JobEvent[]): string {
  const begun = run > 1 ? events.find((event) => event.run === run)?.at : undefined;
  const from = begun === undefined ? (msOf(dateCreated) ?? 0) : begun * 1_000;
  const until = msOf(dateFinished);
  return until === undefined ? elapsed(Date.now() - from) : `took ${duration(until - from)}`;
}
