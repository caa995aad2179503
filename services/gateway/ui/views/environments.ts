/** What jobs can run in, and how full each is. */
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import { el, keyedList, setAttribute, setText, type View } from '../dom.ts';
import { counted, duration } from '../format.ts';

/** More places than this are one bar. */
const MOST_PLACES = 24;

export function environmentList(container: HTMLElement): (environments: readonly EnvironmentObject[]) => void {
  const show = keyedList<EnvironmentObject>(container, ({ id }) => id, environmentCard);
  const empty = el('li', { class: 'empty' }, 'No runner has come yet. Start one: ', el('code', {}, 'npm start'), '.');
  return (environments) => {
    if (environments.length === 0) container.replaceChildren(empty);
    else {
      empty.remove();
      show(environments);
    }
  };
}

function environmentCard(): View<EnvironmentObject> {
  const name = el('h3', {});
  const state = el('span', { class: 'badge' });
  const desc = el('p', { class: 'desc' });
  const places = el('div', { class: 'places', role: 'img' });
  const load = el('p', { class: 'load' });
  const facts = el('p', { class: 'facts' });
  const element = el('li', { class: 'card environment' }, el('header', {}, name, state), desc, places, load, facts);
  return {
    element,
    update(environment) {
      const { id, available, currentJobs, maxJobs, queuedJobs } = environment;
      setText(name, id);
      setText(desc, environment.desc);
      setText(state, available ? 'ready' : 'no runner');
      setAttribute(state, 'data-tone', available ? 'good' : 'bad');
      setAttribute(element, 'data-away', !available);
      const inWords = `${currentJobs} of ${counted(maxJobs, 'place')} taken`;
      setAttribute(places, 'aria-label', inWords);
      showPlaces(places, currentJobs, maxJobs);
      setText(load, queuedJobs === 0 ? inWords : `${inWords}, ${counted(queuedJobs, 'job')} waiting`);
      setText(facts, factsOf(environment));
    },
  };
}

function showPlaces(places: HTMLElement, taken: number, all: number): void {
  const count = Math.min(all, MOST_PLACES);
  while (places.childElementCount > count) places.lastElementChild?.remove();
  while (places.childElementCount < count) places.append(el('span', {}));
  const full = Math.round((Math.min(taken, all) / all) * count);
  [...places.children].forEach((place, index) => setAttribute(place, 'data-taken', index < full));
}

/** What one job gets. Older runners say only what all jobs get together. */
function factsOf({ perJob, nCPU, ramGB, diskGB, nGPU, gpuType, maxJobDuration, priceMin }: EnvironmentObject): string {
  const each = perJob ?? { cpus: nCPU, ramGB, diskGB };
  const facts = [
    `${rounded(each.cpus)} CPU`,
    `${rounded(each.ramGB)} GB memory`,
    `${rounded(each.diskGB)} GB disk`,
    ...(nGPU > 0 ? [`${nGPU} GPU ${gpuType}`.trim()] : []),
    `up to ${duration(maxJobDuration * 1_000)}`,
    priceMin > 0 ? `${priceMin} a minute` : 'free',
  ];
  // A line breaks between two of them, never within one.
  return (perJob ? 'A job gets ' : '') + facts.map((fact) => fact.replaceAll(' ', '\u00a0')).join('\u00a0· ');
}

const rounded = (value: number) => String(Math.round(value * 100) / 100);
