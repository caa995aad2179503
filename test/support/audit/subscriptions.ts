/** Rule 4, PURE: what a subscriber sees is the stored order without a gap, and its snapshot is the jobs as they stood at its cursor. */
import type { Observed, ObservedEvent, Subscription } from './observed.ts';

export function checkSubscriptions(observed: Observed): readonly string[] {
  const { subscriptions, events } = observed;
  const outOfOrder = events.some(({ cursor }, index) => cursor <= (events[index - 1]?.cursor ?? 0));
  return [
    ...(outOfOrder ? ['events were announced in another order than they were stored in'] : []),
    ...subscriptions.flatMap((subscription) => problemsOf(subscription, observed)),
  ];
}

function problemsOf(
  { owner, from, snapshot, cursors, isOpen }: Subscription,
  { events, tombstones }: Observed,
): readonly string[] {
  const problems: string[] = [];
  const own = events.filter((event) => event.owner === owner);
  const deleted = new Set(tombstones);
  /** What happened to a job is forgotten with it, all but that it was deleted. */
  const mayBeForgotten = ({ jobId, code }: ObservedEvent) => deleted.has(jobId) && code !== 8;
  const expected = own.filter(({ cursor }) => cursor > from);
  let place = 0;
  for (const cursor of cursors) {
    while (expected[place] && expected[place]?.cursor !== cursor && mayBeForgotten(expected[place] as ObservedEvent))
      place += 1;
    if (expected[place]?.cursor !== cursor) {
      problems.push(
        `a subscriber of ${owner} got event ${cursor} where ${expected[place]?.cursor ?? 'nothing'} was to come`,
      );
      break;
    }
    place += 1;
  }
  const missing = expected.slice(place).find((event) => !mayBeForgotten(event));
  if (isOpen && problems.length === 0 && missing)
    problems.push(`a subscriber of ${owner} never got event ${missing.cursor}`);
  const stood = new Map(own.filter(({ cursor }) => cursor <= from).map((event) => [event.jobId, event.code]));
  for (const [jobId, code] of snapshot) {
    if (stood.get(jobId) !== code)
      problems.push(`a snapshot at ${from} shows job ${jobId} at ${code}, and it stood at ${stood.get(jobId)}`);
  }
  for (const [jobId, code] of stood) {
    if (code !== 8 && !snapshot.has(jobId)) problems.push(`a snapshot at ${from} leaves out job ${jobId}`);
  }
  return problems;
}
