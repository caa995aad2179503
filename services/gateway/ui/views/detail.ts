/** One job, whole: its phases, facts, timeline, log and results. */
import type { StatusObject } from '@capstan/shared/contract/api';
import { button, el, setAttribute, setText } from '../dom.ts';
import { dayAndTime, duration, elapsed, msOf, short } from '../format.ts';
import type { JobEvent, KnownJob } from '../jobs.ts';
import { hasEnded, standingOf } from '../phases.ts';
import type { Stream } from '../log-lines.ts';
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
  readonly fetchResult: (job: StatusObject, index: number) => Promise<Blob>;
  readonly onClose: () => void;
  readonly say: (text: string) => void;
  readonly fail: (problem: string) => void;
}

export interface Detail {
  readonly element: HTMLElement;
  update(known: KnownJob, events: readonly JobEvent[]): void;
  log(stream: Stream, text: string): void;
  sayOfLog(text: string): void;
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
  const results = resultsView({
    fetchResult: (index) => (job ? options.fetchResult(job, index) : Promise.reject(new Error('There is no job.'))),
    isOwner: () => job !== undefined && isOwner(job),
    onFailed: fail,
  });
  const log = logView({ filename: `${jobId}.log`, onCopied: say });

  const stopIt = async () => {
    if (!job) return;
    stop.disabled = true;
    setText(stop, 'Stopping …');
    try {
      await options.stop(job);
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    } finally {
      stop.disabled = false;
      setText(stop, 'Stop job');
    }
  };
  const stop = button('Stop job', () => void stopIt(), { class: 'danger' });
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
    el('section', { 'aria-labelledby': 'facts-title' }, el('h3', { id: 'facts-title' }, 'Facts'), facts),
  );
  const head = el(
    'header',
    {},
    el(
      'div',
      { class: 'title' },
      el('h2', {}, 'Job ', el('span', { class: 'id', title: jobId }, short(jobId))),
      copyId,
      stop,
      close,
    ),
    el('div', { class: 'line' }, state, time),
  );
  const element = el('div', { class: 'job-detail' }, head, body);
  stop.hidden = true;

  return {
    element,
    update(known, happened) {
      ({ job } = known);
      const isOver = hasEnded(job.status);
      setAttribute(element, 'data-standing', standingOf(job.status));
      setText(state, job.statusText);
      setText(time, timeOf(job));
      bar.update(wayOf({ ...known, before: happened.map(({ status }) => status) }));
      showReason(reason, job);
      showEvents(happened);
      results.update(job.results);
      showFacts(facts, job);
      stop.hidden = isOver || !mayStop(job);
    },
    log: log.add,
    sayOfLog: log.say,
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

function timeOf({ dateCreated, dateFinished }: StatusObject): string {
  const from = msOf(dateCreated) ?? 0;
  const until = msOf(dateFinished);
  return until === undefined ? elapsed(Date.now() - from) : `took ${duration(until - from)}`;
}

/** Why it waits, or why it ended as it did. */
function showReason(element: HTMLElement, { status, queue, terminationDetails: ended }: StatusObject): void {
  const texts =
    status === 1 && queue
      ? [queue.reason]
      : ended && status !== 70
        ? [
            ended.reason,
            [
              ...(ended.exitCode === null ? [] : [`exit code ${ended.exitCode}`]),
              ...(ended.signal === null ? [] : [ended.signal]),
              ...(ended.OOMKilled ? ['out of memory'] : []),
            ].join(', '),
          ]
        : [];
  const said = texts.filter((text) => text !== '');
  element.hidden = said.length === 0;
  while (element.childElementCount > said.length) element.lastElementChild?.remove();
  while (element.childElementCount < said.length) element.append(el('p', {}));
  said.forEach((text, index) => {
    const line = element.children[index];
    if (line) setText(line, text);
  });
}

function showFacts(list: HTMLElement, job: StatusObject): void {
  const expires = msOf(job.expireTimestamp);
  const rows: readonly (readonly [string, string])[] = [
    ['Job', job.jobId],
    ['Environment', job.environment],
    ['Owner', job.owner],
    ['Dataset', job.inputDID.join(', ')],
    ['Algorithm', job.algoDID === 'raw' ? 'code of its owner' : job.algoDID],
    ['Order', job.agreementId],
    ['Accepted', dayAndTime(msOf(job.dateCreated) ?? 0)],
    ...(expires === undefined ? [] : [['Results kept until', dayAndTime(expires)] as const]),
  ];
  const texts = rows.flat();
  if ([...list.children].map((child) => child.textContent).join('\n') === texts.join('\n')) return;
  list.replaceChildren(...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}
