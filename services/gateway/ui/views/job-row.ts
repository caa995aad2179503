/** One job as a line of a list: what it does at the moment, and for how long. */
import { el, setAttribute, setText, type View } from '../dom.ts';
import { bytes, dayAndTime, duration, elapsed, msOf, short } from '../format.ts';
import type { KnownJob } from '../jobs.ts';
import { hasEnded, PHASE_LABEL, phasesOf, standingOf } from '../phases.ts';
import { phaseBar } from './phase-bar.ts';

export function jobRow(): View<KnownJob> {
  const state = el('span', { class: 'state' });
  const id = el('span', { class: 'id' });
  const about = el('span', { class: 'about' });
  const environment = el('span', {});
  const address = el('span', { class: 'address' });
  const owner = el('span', { class: 'owner' }, environment, ' · ', address);
  const time = el('span', { class: 'time' });
  const bar = phaseBar(false);
  const link = el(
    'a',
    {},
    el('span', { class: 'line' }, state, time),
    bar.element,
    el('span', { class: 'line' }, id, owner),
    about,
  );
  const element = el('li', { class: 'job' }, link);
  return {
    element,
    update(known) {
      const { job } = known;
      setAttribute(link, 'href', `#/job/${job.jobId}`);
      setAttribute(element, 'data-standing', standingOf(job.status));
      setAttribute(element, 'data-job', job.jobId);
      setText(state, stateOf(known));
      setText(id, short(job.jobId));
      setText(about, aboutOf(known));
      about.hidden = about.textContent === '';
      setText(environment, job.environment);
      setText(address, short(job.owner));
      setAttribute(address, 'title', job.owner);
      setText(time, timeOf(known));
      bar.update(wayOf(known));
    },
  };
}

export function wayOf({ job, before, progress }: KnownJob) {
  return phasesOf({
    status: job.status,
    before,
    hasResults: job.results.length > 0 || (job.resultsOmitted ?? 0) > 0,
    ...(progress === undefined ? {} : { progress }),
  });
}

function stateOf({ job, progress }: KnownJob): string {
  if (job.status === 1)
    return job.queue && job.queue.position > 0 ? `${ordinal(job.queue.position)} in line` : job.statusText;
  if (progress && !hasEnded(job.status)) {
    const total = progress.totalBytes === null ? '' : ` of ${bytes(progress.totalBytes)}`;
    return `${PHASE_LABEL[progress.phase]}: ${bytes(progress.doneBytes)}${total}`;
  }
  return job.stopreq === 1 && !hasEnded(job.status) ? `${job.statusText}, stopping` : job.statusText;
}

function aboutOf({ job }: KnownJob): string {
  if (job.queue) return job.queue.reason;
  if (job.terminationDetails && job.status !== 70) return job.terminationDetails.reason;
  return '';
}

function timeOf({ job }: KnownJob): string {
  const from = msOf(job.dateCreated) ?? 0;
  const until = msOf(job.dateFinished);
  // When a later run began, only its events tell.
  if (until !== undefined && job.run > 1) return dayAndTime(until);
  return until === undefined ? elapsed(Date.now() - from) : `${dayAndTime(until)} · ${duration(until - from)}`;
}

function ordinal(place: number): string {
  const ending = place % 100 >= 11 && place % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${place}${ending}`;
}
