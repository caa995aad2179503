/** The jobs in three lists: those that run, those that wait in the order of their turn, and those that have ended. */
import { arrowKeys, button, el, keyedList, setText } from '../dom.ts';
import type { PagedKind } from '../api.ts';
import type { Counts, KnownJob } from '../jobs.ts';
import type { Pages } from '../pages.ts';
import { standingOf } from '../phases.ts';
import { jobRow } from './job-row.ts';

/** So many of a list are shown until somebody wants more. */
const PAGE = 25;

export interface Board {
  /** `counts`: of all there are, also of those that are not here. */
  update(jobs: readonly KnownJob[], counts?: Counts): void;
  /** Those that one can choose between. */
  environments(ids: readonly string[]): void;
  /** What is said where there is no job: whose are looked at, and what to do. */
  explain(text: string): void;
  select(jobId: string | undefined): void;
}

interface BoardOptions {
  readonly pages: Pick<Pages, 'hasMore' | 'more'>;
  /** An environment was chosen, or none. */
  readonly onEnvironment: (id: string | undefined) => void;
}

export function createBoard(container: HTMLElement, { pages, onEnvironment }: BoardOptions): Board {
  const running = section('Running', 'Nothing runs at the moment.');
  const paged = (kind: PagedKind) => ({ hasMore: () => pages.hasMore(kind), more: () => pages.more(kind) });
  const waiting = section('Waiting', 'Nobody waits.', paged('waiting'));
  const ended = section('Ended', 'No job has ended yet.', paged('ended'));
  const sections = { running, waiting, ended };
  const hint = el('p', { class: 'empty hint' });
  const standing = el(
    'select',
    { id: 'filter-standing', 'aria-label': 'Jobs of which status' },
    el('option', { value: '' }, 'All jobs'),
    ...Object.keys(sections).map((name) => el('option', { value: name }, name)),
  );
  const wanted = el('input', {
    id: 'filter-text',
    type: 'search',
    placeholder: 'Owner, environment, dataset, status',
    'aria-label': 'Only jobs whose owner, environment, dataset or status has this in it',
    autocomplete: 'off',
    spellcheck: false,
  });
  const anyEnvironment = el('option', { value: '' }, 'All environments');
  const environment = el(
    'select',
    { id: 'filter-environment', 'aria-label': 'Jobs of which environment' },
    anyEnvironment,
  );
  environment.addEventListener('input', () => onEnvironment(environment.value || undefined));
  const filter = el('div', { class: 'filter' }, standing, environment, wanted);
  for (const field of [standing, wanted]) field.addEventListener('input', () => update(last, lastCounts));
  let last: readonly KnownJob[] = [];
  let lastCounts: Counts | undefined;
  let selected: string | undefined;
  // Before the lists, which the link at the top of the page leads to.
  container.before(filter);
  container.append(hint, running.element, waiting.element, ended.element);
  arrowKeys(container);

  const mark = () => {
    for (const item of container.querySelectorAll('li.job')) {
      const link = item.querySelector('a');
      if (item.getAttribute('data-job') === selected) link?.setAttribute('aria-current', 'true');
      else link?.removeAttribute('aria-current');
    }
  };
  const update = (jobs: readonly KnownJob[], counts?: Counts) => {
    last = jobs;
    lastCounts = counts;
    const text = wanted.value.trim().toLowerCase();
    const fitting = text === '' ? jobs : jobs.filter((known) => fits(known, text));
    const of = (...standings: readonly string[]) =>
      fitting.filter(({ job }) => standings.includes(standingOf(job.status)));
    // What is looked for in the text of jobs, the node does not count.
    const all = text === '' ? counts : undefined;
    running.update(of('active'), all?.running);
    waiting.update(
      of('waiting').toSorted((a, b) => placeOf(a) - placeOf(b)),
      all?.waiting,
    );
    ended.update(
      of('completed', 'failed', 'stopped').toSorted((a, b) => endOf(b) - endOf(a)),
      all?.ended,
    );
    const isEmpty = jobs.length === 0;
    hint.hidden = !isEmpty;
    // Whoever has chosen an environment without jobs wants to choose another.
    filter.hidden = isEmpty && environment.value === '';
    for (const [name, { element }] of Object.entries(sections)) {
      element.hidden = isEmpty || (standing.value !== '' && standing.value !== name);
    }
    mark();
  };
  update([]);

  return {
    update,
    environments(ids) {
      const shown = [...environment.options].slice(1).map(({ value }) => value);
      if (JSON.stringify(shown) === JSON.stringify(ids)) return;
      const chosen = environment.value;
      environment.replaceChildren(anyEnvironment, ...ids.map((id) => el('option', { value: id }, id)));
      environment.value = ids.includes(chosen) ? chosen : '';
      if (environment.value !== chosen) onEnvironment(undefined);
    },
    explain: (text) => setText(hint, text),
    select(jobId) {
      selected = jobId;
      mark();
    },
  };
}

interface Paged {
  hasMore(): boolean;
  more(): void;
}

const WHOLE: Paged = { hasMore: () => false, more: () => undefined };

function section(title: string, nothing: string, paged: Paged = WHOLE) {
  const count = el('span', { class: 'count' });
  const list = el('ul', { class: 'jobs' });
  const empty = el('p', { class: 'empty' }, nothing);
  const show = keyedList<KnownJob>(list, ({ job }) => job.jobId, jobRow);
  let shown = PAGE;
  let all: readonly KnownJob[] = [];
  let inAll: number | undefined;
  const more = button(
    'Show more',
    () => {
      shown += PAGE;
      // Before they are needed.
      if (shown + PAGE > all.length) paged.more();
      update(all, inAll);
    },
    { 'aria-label': `Show more: ${title}` },
  );
  const update = (jobs: readonly KnownJob[], total?: number) => {
    all = jobs;
    inAll = total;
    show(jobs.slice(0, shown));
    setText(count, String(total ?? jobs.length));
    empty.hidden = jobs.length > 0;
    more.hidden = jobs.length <= shown && !paged.hasMore();
  };
  return {
    element: el('section', { 'aria-label': title }, el('h2', {}, title, ' ', count), list, empty, more),
    update,
  };
}

function fits({ job }: KnownJob, text: string): boolean {
  return [job.owner, job.environment, job.documentId, job.statusText, job.jobId].some((field) =>
    field.toLowerCase().includes(text),
  );
}

const placeOf = ({ job }: KnownJob) => job.queue?.position ?? 0;
const endOf = ({ job }: KnownJob) => Number(job.dateFinished ?? 0);
