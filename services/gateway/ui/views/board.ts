/** The jobs in three lists: those that run, those that wait in the order of their turn, and those that have ended. */
import { arrowKeys, button, el, keyedList, setText } from '../dom.ts';
import type { KnownJob } from '../jobs.ts';
import { standingOf } from '../phases.ts';
import { jobRow } from './job-row.ts';

/** So many ended ones are shown until somebody wants more. */
const PAGE = 25;

export interface Board {
  update(jobs: readonly KnownJob[]): void;
  /** What is said where there is no job: whose are looked at, and what to do. */
  explain(text: string): void;
  select(jobId: string | undefined): void;
}

export function createBoard(container: HTMLElement): Board {
  const running = section('Running', 'Nothing runs at the moment.');
  const waiting = section('Waiting', 'Nobody waits.');
  const ended = section('Ended', 'No job has ended yet.');
  const hint = el('p', { class: 'empty hint' });
  const more = button('Show more', () => {
    shown += PAGE;
    update(last);
  });
  let shown = PAGE;
  let last: readonly KnownJob[] = [];
  let selected: string | undefined;
  container.append(hint, running.element, waiting.element, ended.element, more);
  arrowKeys(container);

  const mark = () => {
    for (const item of container.querySelectorAll('li.job')) {
      const link = item.querySelector('a');
      if (item.getAttribute('data-job') === selected) link?.setAttribute('aria-current', 'true');
      else link?.removeAttribute('aria-current');
    }
  };
  const update = (jobs: readonly KnownJob[]) => {
    last = jobs;
    const of = (...standings: readonly string[]) =>
      jobs.filter(({ job }) => standings.includes(standingOf(job.status)));
    const over = of('completed', 'failed', 'stopped');
    running.update(of('active'));
    waiting.update(of('waiting').toSorted((a, b) => placeOf(a) - placeOf(b)));
    ended.update(over.toSorted((a, b) => endOf(b) - endOf(a)).slice(0, shown), over.length);
    more.hidden = over.length <= shown;
    hint.hidden = jobs.length > 0;
    for (const { element } of [running, waiting, ended]) element.hidden = jobs.length === 0;
    mark();
  };
  update([]);

  return {
    update,
    explain: (text) => setText(hint, text),
    select(jobId) {
      selected = jobId;
      mark();
    },
  };
}

function section(title: string, nothing: string) {
  const count = el('span', { class: 'count' });
  const list = el('ul', { class: 'jobs' });
  const empty = el('p', { class: 'empty' }, nothing);
  const show = keyedList<KnownJob>(list, ({ job }) => job.jobId, jobRow);
  return {
    element: el('section', { 'aria-label': title }, el('h2', {}, title, ' ', count), list, empty),
    update(jobs: readonly KnownJob[], all = jobs.length) {
      show(jobs);
      setText(count, String(all));
      empty.hidden = jobs.length > 0;
    },
  };
}

const placeOf = ({ job }: KnownJob) => job.queue?.position ?? 0;
const endOf = ({ job }: KnownJob) => Number(job.dateFinished ?? 0);
