/** Server-sent events as a client reads them. */
import type { ServerFrame } from '@capstan/shared/contract/socket';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';

export interface SentEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly frame: ServerFrame;
}

/** Everything of a stream that ends, or of its beginning. */
export function parseEventStream(text: string): readonly SentEvent[] {
  const blocks = text.split('\n\n').filter((block) => /^data: /m.test(block));
  return blocks.map((block) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    return { id: field('id'), event: field('event'), frame: JSON.parse(field('data') ?? '') as ServerFrame };
  });
}

/** What is told of jobs from a cursor on, or from the start, up to now. */
export async function told(
  url: string,
  query: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly SentEvent[]> {
  const search = new URLSearchParams({ follow: 'false', ...query }).toString();
  const response = await fetch(`${url}${EVENTS_PATH}?${search}`, { headers });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`the node answered ${response.status}: ${text}`);
  return parseEventStream(text);
}

/** The cursors of the events among them. */
export function cursorsOf(events: readonly SentEvent[]): readonly number[] {
  return events.flatMap(({ frame }) => (frame.type === 'event' ? [frame.cursor] : []));
}
