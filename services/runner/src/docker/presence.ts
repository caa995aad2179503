/** Whether Docker is there: heard by a stream that ends with it, and asked for. */
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { call, within } from './answers.ts';
import { openStream } from './open-stream.ts';
import type { EngineHost } from './ports/host.ts';

/** For an answer that costs nothing. */
const LIMIT_MS = 4_000;
/** Of all its events those that hardly ever happen: what counts is that the stream ends. */
const RARE = JSON.stringify({ type: ['daemon'], event: ['reload'] });

/** `anew` makes a connection for each call: one that was made before may be answered by an engine that is ending. */
export function createPresenceCalls(anew: Docker): Pick<EngineHost, 'listen' | 'ping'> {
  return {
    async listen(onHeard, signal) {
      const over = new AbortController();
      const until = AbortSignal.any([signal, over.signal]);
      try {
        // Who has no answer in time leaves, and the stream that may come later ends with that.
        const events = await call(
          (limited) =>
            within(
              limited,
              openStream(anew, { method: 'GET', path: '/events?', query: { filters: RARE }, abortSignal: until }),
            ),
          { signal, limitMs: LIMIT_MS },
        );
        onHeard();
        await call(() => finished(events.resume(), { writable: false, signal: until }), { signal });
      } finally {
        over.abort();
      }
    },

    async ping(signal) {
      const answer = await call(
        (abortSignal) => openStream(anew, { method: 'GET', path: '/_ping?', query: {}, abortSignal }),
        { signal, limitMs: LIMIT_MS },
      );
      answer.resume();
    },
  };
}
