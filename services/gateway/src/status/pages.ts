/** What a page of a list of jobs holds, by their places alone: settled in one turn that is short, whatever lies between them. */
import { JOB_STATES, type JobState, type ListFilter, type ListOrder, type StatusKey } from '../store/statuses.ts';
import type { Store } from '../store/store.ts';

export interface PageAsked {
  readonly limit: number;
  /** Where the page before ended. */
  readonly cursor?: number | undefined;
  /** All, if absent. */
  readonly states?: readonly JobState[] | undefined;
  /** `newest` if absent. */
  readonly order?: ListOrder | undefined;
}

export interface KeyPage {
  readonly keys: readonly StatusKey[];
  /** The cursor of the next page, if there may be one. A page may hold fewer than its limit, or none, and have one. */
  readonly next: number | undefined;
}

/** Most jobs of one page. */
export const MAX_PAGE = 1_000;
/** More than any node has places for. */
const MOST_RUNNING = 20_000;

export type PageOf = (filter: ListFilter, asked: PageAsked, mostLookedAt?: number) => KeyPage;

export function createPages({ statuses }: Pick<Store, 'statuses'>): PageOf {
  /** Of jobs that an index knows, there is nothing between them to look at. */
  const ofOneState = (filter: ListFilter, state: JobState | undefined, { limit, cursor, order }: PageAsked) => {
    const isOfQueue = filter.documentId === undefined && filter.agreementId === undefined;
    const place = { after: cursor, order };
    if (state === 'waiting' && isOfQueue) return statuses.waitingKeys(filter, place, limit + 1);
    if (state !== 'running') return undefined;
    const all = statuses.runningKeys(filter, MOST_RUNNING);
    const inOrder = order === 'oldest' ? all.toReversed() : all;
    return inOrder
      .filter(({ accepted }) => cursor === undefined || (order === 'oldest' ? accepted > cursor : accepted < cursor))
      .slice(0, limit + 1);
  };

  return (filter, asked, mostLookedAt = 2 * MAX_PAGE) => {
    const { limit, cursor, states, order } = asked;
    const known = ofOneState(filter, states?.length === 1 ? states[0] : undefined, asked);
    if (known) return cutAt(known, limit);
    const found: StatusKey[] = [];
    let after = cursor;
    for (let lookedAt = 0; lookedAt < mostLookedAt;) {
      const chunk = Math.min(limit + 1, MAX_PAGE);
      const { keys, last } = statuses.keys(filter, { after, order }, chunk);
      for (const key of keys) if (!states || states.includes(key.state)) found.push(key);
      if (found.length > limit || last === undefined) return cutAt(found, limit);
      after = last;
      lookedAt += chunk;
    }
    return { keys: found, next: after };
  };
}

function cutAt(found: readonly StatusKey[], limit: number): KeyPage {
  if (found.length <= limit) return { keys: found, next: undefined };
  return { keys: found.slice(0, limit), next: found[limit - 1]?.accepted };
}

/** Whether jobs that run belong on a page although others came after them: on the first one, of all states, newest first. */
export const holdsRunning = ({ cursor, states, order = 'newest' }: Omit<PageAsked, 'limit'>): boolean =>
  cursor === undefined && order === 'newest' && (!states || states.includes('running'));

/** With those that run, in the place of the last others; who reads on meets them once more. */
export function withRunning(page: KeyPage, running: readonly StatusKey[], limit: number): KeyPage {
  const there = new Set(page.keys.map(({ accepted }) => accepted));
  const cutOff = running.filter(({ accepted }) => !there.has(accepted));
  if (cutOff.length === 0) return page;
  const keys = page.keys.slice(0, Math.max(0, limit - cutOff.length));
  const last = keys.at(-1)?.accepted ?? Number.MAX_SAFE_INTEGER;
  return { keys: [...keys, ...cutOff].slice(0, limit), next: last };
}

/** Of the words of a request: `waiting,running`. */
export const statesIn = (text: string | undefined): readonly JobState[] | undefined =>
  text === undefined ? undefined : JOB_STATES.filter((state) => text.split(',').includes(state));
