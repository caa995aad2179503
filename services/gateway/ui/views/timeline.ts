/** Every event of one job: when, what, and how long until the next. */
import { el, keyedList, setAttribute, setText, type View } from '../dom.ts';
import { clockTime, dayAndTime, duration, elapsed } from '../format.ts';
import type { JobEvent } from '../jobs.ts';
import { hasEnded, standingOf } from '../phases.ts';

interface Entry {
  readonly event: JobEvent;
  readonly untilMs: number | undefined;
  /** Whether a run or an attempt begins with it that is not the first. */
  readonly begins: string;
}

export function timeline(container: HTMLElement): (events: readonly JobEvent[]) => void {
  const show = keyedList<Entry>(container, ({ event }) => String(event.cursor), entryView);
  return (events) =>
    show(
      events.map((event, index) => {
        const next = events[index + 1];
        return {
          event,
          untilMs: next === undefined ? undefined : next.at * 1_000,
          begins: begins(event, events[index - 1]),
        };
      }),
    );
}

function begins(event: JobEvent, before: JobEvent | undefined): string {
  if (event.run > (before?.run ?? 1)) return `run ${event.run}`;
  // A run's first attempt has the number 1; what comes before a runner has taken it, 0.
  return event.attempt > Math.max(1, before?.attempt ?? 1) ? `attempt ${event.attempt}` : '';
}

function entryView(): View<Entry> {
  const time = el('time', {});
  const what = el('span', { class: 'what' });
  const part = el('span', { class: 'badge', 'data-tone': 'plain' });
  const took = el('span', { class: 'took' });
  const element = el('li', {}, time, el('span', { class: 'entry' }, what, ' ', part), took);
  return {
    element,
    update({ event, untilMs, begins: begun }) {
      const at = event.at * 1_000;
      setText(time, clockTime(at));
      setAttribute(time, 'title', dayAndTime(at));
      setAttribute(time, 'datetime', new Date(at).toISOString());
      setText(what, event.statusText);
      setText(part, begun);
      part.hidden = begun === '';
      setAttribute(element, 'data-standing', standingOf(event.status));
      const isLast = untilMs === undefined;
      setAttribute(element, 'data-now', isLast && !hasEnded(event.status));
      if (!isLast) setText(took, duration(untilMs - at));
      else setText(took, hasEnded(event.status) ? '' : elapsed(Date.now() - at));
    },
  };
}
