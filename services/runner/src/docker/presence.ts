/** Whether Docker is there: heard by a stream that ends with it, and asked for. */
import { finished } from 'node:stream/promises';
import { call, within } from './answers.ts';
import type { Exits } from './exits.ts';
import type { EngineHttp } from './http.ts';
import { LABELS } from './names.ts';
import type { EngineHost } from './ports/host.ts';

/** For an answer that costs nothing. */
const LIMIT_MS = 4_000;
/** Of all its events those of our containers; that the stream ends counts as well. */
const OURS = JSON.stringify({ type: ['container'], event: ['start', 'oom', 'die'], label: [LABELS.job] });

/** `anew` makes a connection for each call: one that was made before may be answered by an engine that is ending. */
export function createPresenceCalls(anew: EngineHttp, exits: Exits): Pick<EngineHost, 'listen' | 'ping'> {
  return {
    async listen(onHeard, signal) {
      const over = new AbortController();
      const until = AbortSignal.any([signal, over.signal]);
      try {
        // Who has no answer in time leaves, and the stream that may come later ends with that.
        const asked = {
          method: 'GET',
          path: '/events',
          query: { filters: OURS, ...resumed(exits.since()) },
          signal: until,
        } as const;
        const events = await call((limited) => within(limited, anew.open(asked)), { signal, limitMs: LIMIT_MS });
        onHeard();
        events.on('data', exits.reader(Date.parse(events.headers.date ?? '')));
        await call(() => finished(events, { writable: false, signal: until }), { signal });
      } finally {
        over.abort();
        exits.broken();
      }
    },

    async ping(signal) {
      await call((limited) => anew.done({ method: 'GET', path: '/_ping', signal: limited }), {
        signal,
        limitMs: LIMIT_MS,
      });
    },
  };
}

const resumed = (since: string | undefined) => (since === undefined ? {} : { since });
