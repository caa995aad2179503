/**
 * Lists of jobs, page by page. What a page holds is settled first, by the places of its jobs alone; then each is read and written when its
 * turn comes, so that a list of a thousand keeps nobody waiting, and is never in memory as a whole.
 */
import { hash } from 'node:crypto';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { QueueView } from '../scheduling/queue-reason.ts';
import type { StatusView } from './status-object.ts';
import type { StillTrue, WhatIsTrue } from './still-true.ts';
import type { ListFilter, StatusKey } from '../store/statuses.ts';
import type { StatusRow } from '../store/status-row.ts';
import { rowOf } from './small.ts';
import type { Store } from '../store/store.ts';
import { createPages, holdsRunning, MAX_PAGE, withRunning, type KeyPage, type PageAsked } from './pages.ts';

export { isListFilter } from '../store/statuses.ts';

export interface Asked extends PageAsked {
  readonly dates: StatusView['dates'];
  /** As `row`: what a line of a list shows. */
  readonly detail?: 'row' | undefined;
}

export interface StatusPage {
  /** JSON of a list, in pieces; short ones come as one. */
  readonly pieces: string | AsyncGenerator<string, void>;
  /** Undefined where what is shown may change without a change of its jobs. */
  readonly etag: string | undefined;
  readonly isStillTrue: StillTrue;
  /** The cursor of the next page, if there is one. */
  readonly next: number | undefined;
}

export type ListStatuses = (selection: ListFilter, asked: Asked) => Promise<StatusPage>;

/** So many are written in one turn. */
const SLICE = 50;
/** So many are looked at for a page, where few are in the states that were asked for: the next page goes on from there. */
const MAX_LOOKED_AT = 20_000;

interface ListOptions {
  readonly store: Pick<Store, 'statuses'>;
  readonly show: (job: StatusRow, dates: StatusView['dates'], queue: QueueView) => StatusObject;
  readonly queuePass: () => QueueView;
  readonly whatIsTrue: Pick<WhatIsTrue, 'now'>;
  readonly takeSlice: <T>(work: () => T) => Promise<T>;
}

export function createListStatuses({ store, show, queuePass, whatIsTrue, takeSlice }: ListOptions): ListStatuses {
  const { statuses } = store;
  const pageOf = createPages(store);

  /** In turns: where few are in the states that were asked for, much is looked at. */
  const keysOf = async (selection: ListFilter, asked: Asked): Promise<KeyPage> => {
    const found: StatusKey[] = [];
    let cursor = asked.cursor;
    for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT; lookedAt += MAX_PAGE) {
      const [limit, from] = [asked.limit - found.length, cursor];
      const page = await takeSlice(() => pageOf(selection, { ...asked, limit, cursor: from }, MAX_PAGE));
      found.push(...page.keys);
      cursor = page.next;
      if (cursor === undefined || found.length === asked.limit) break;
    }
    return { keys: found, next: cursor };
  };

  /** Jobs that run are on the first page, however many came after them; and once more in their place, for who reads on. */
  const pageWithRunning = async (selection: ListFilter, asked: Asked): Promise<KeyPage> => {
    const page = await keysOf(selection, asked);
    if (page.next === undefined || !holdsRunning(asked)) return page;
    return withRunning(page, statuses.runningKeys(selection, asked.limit), asked.limit);
  };

  const write = (keys: readonly StatusKey[], { dates, detail }: Asked, queue: QueueView): readonly string[] =>
    keys.flatMap(({ accepted }) => {
      const job = statuses.listed(accepted);
      if (!job) return [];
      const shown = show(job, dates, queue);
      return [JSON.stringify(detail === 'row' ? rowOf(shown) : shown)];
    });

  async function* inSlices(keys: readonly StatusKey[], asked: Asked): AsyncGenerator<string, void> {
    const queue = queuePass();
    let comma = '[';
    for (let at = 0; at < keys.length; at += SLICE) {
      const texts = await takeSlice(() => write(keys.slice(at, at + SLICE), asked, queue));
      if (texts.length === 0) continue;
      yield comma + texts.join(',');
      comma = ',';
    }
    yield comma === '[' ? '[]' : ']';
  }

  return async (selection, asked) => {
    const isStillTrue = whatIsTrue.now();
    const { keys, next } = await pageWithRunning(selection, asked);
    if (keys.length <= SLICE) {
      const text = `[${write(keys, asked, queuePass()).join(',')}]`;
      return { pieces: text, etag: hash('sha1', text, 'base64url'), isStillTrue, next };
    }
    return { pieces: inSlices(keys, asked), etag: etagOf(keys, asked), isStillTrue, next };
  };
}

/** Why a job waits changes with others, and without a change of its own. */
function etagOf(keys: readonly StatusKey[], { dates, detail }: Asked): string | undefined {
  if (keys.some(({ state }) => state !== 'ended')) return undefined;
  const text = keys.map(({ accepted, revision }) => `${accepted}.${revision}`).join();
  return hash('sha1', `${dates} ${detail ?? ''} ${text}`, 'base64url');
}
