/** Whether Docker is there: heard by a stream that ends with it, and asked for. */
import { finished } from 'node:stream/promises';
import { call, within } from './answers.ts';
import type { EngineHttp } from './http.ts';
import type { EngineHost } from './ports/host.ts';

/** For an answer that costs nothing. */
const LIMIT_MS = 4_000;
/** Of all its events those that hardly ever happen: what counts is that the stream ends. */
const RARE = JSON.stringify({ type: ['daemon'], event: ['reload'] });

/** `anew` makes a connection for each call: one that was made before may be answered by an engine that is ending. */
export function createPresenceCalls(anew: EngineHttp): Pick<EngineHost, 'listen' | 'ping'> {
  return {
    async listen(onHeard, signal) {
      const over = new AbortController();
      const until = AbortSignal.any([signal, over.signal]);
      try {
        // Who has no answer in time leaves, and the stream that may come later ends with that.
        const asked = { method: 'GET', path: '/events', query: { filters: RARE }, signal: until } as const;
        const events = await call((limited) => within(limited, anew.open(asked)), { signal, limitMs: LIMIT_MS });
        onHeard();
        await call(() => finished(events.resume(), { writable: false, signal: until }), { signal });
      } finally {
        over.abort();
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
