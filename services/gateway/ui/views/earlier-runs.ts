/** The runs of a job before its last one: how each ended, and what it left. Asked for when somebody opens one. */
import type { StatusObject } from '@capstan/shared/contract/api';
import { el, keyedList, setAttribute, setText, type View } from '../dom.ts';
import { dayAndTime, msOf } from '../format.ts';
import { standingOf } from '../phases.ts';
import { showReason } from './facts.ts';
import { resultsView } from './results.ts';

/** The node remembers no more of them. */
const MOST_RUNS = 100;

interface EarlierRunsOptions {
  /** How the job stood at the end of that run; undefined where it is no longer kept. */
  readonly fetchRun: (run: number) => Promise<StatusObject | undefined>;
  readonly fetchResult: (index: number, run: number) => Promise<Blob>;
  readonly isOwner: () => boolean;
  readonly onFailed: (problem: string) => void;
}

/** Shows the runs before the one with the number that it is given, the newest first. */
export function earlierRuns(options: EarlierRunsOptions): View<number> {
  const list = el('ul', { class: 'runs' });
  const element = el(
    'section',
    { 'aria-labelledby': 'runs-title' },
    el('h3', { id: 'runs-title' }, 'Earlier runs'),
    list,
  );
  const show = keyedList<number>(list, String, (run) => ({ element: runView(run, options), update() {} }));
  return {
    element,
    update(last) {
      element.hidden = last < 2;
      show(Array.from({ length: Math.min(last - 1, MOST_RUNS) }, (_, before) => last - 1 - before));
    },
  };
}

function runView(run: number, { fetchRun, fetchResult, isOwner, onFailed }: EarlierRunsOptions): HTMLElement {
  const ended = el('span', { class: 'note' });
  const note = el('p', { class: 'note' });
  const reason = el('div', { class: 'reason', hidden: true });
  const results = resultsView({
    title: `Results of run ${run}`,
    level: 'h4',
    fetchResult: (index) => fetchResult(index, run),
    isOwner,
    onFailed,
  });
  results.element.hidden = true;
  const element = el('details', {}, el('summary', {}, `Run ${run} `, ended), note, reason, results.element);

  let isAsked = false;
  const ask = async () => {
    setText(note, 'Asking the node …');
    try {
      const job = await fetchRun(run);
      setText(note, job ? (job.results.length === 0 ? 'It left nothing.' : '') : GONE);
      if (!job) return;
      setAttribute(element, 'data-standing', standingOf(job.status));
      setText(ended, `${job.statusText}, ${dayAndTime(msOf(job.dateFinished) ?? 0)}`);
      showReason(reason, job);
      results.update(job.results);
    } catch (error) {
      // Opened again, it asks again.
      isAsked = false;
      setText(note, error instanceof Error ? error.message : String(error));
    }
  };
  element.addEventListener('toggle', () => {
    if (!element.open || isAsked) return;
    isAsked = true;
    void ask();
  });
  return el('li', {}, element);
}

const GONE = 'The node no longer keeps what this run left.';
