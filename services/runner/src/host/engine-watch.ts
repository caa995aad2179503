/**
 * Whether the container engine is there. Its stream of events ends with it, which is heard at once; one that stands still, or that is
 * ending and takes no more connections, is noticed because it is asked now and then.
 */
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { pause } from '../docker/pause.ts';
import type { EngineHost } from '../docker/ports/host.ts';

export interface EngineWatch extends Service {
  /** Why no job may begin, in words for its owner; undefined while the engine is there. */
  absence(): string | undefined;
}

interface EngineWatchOptions {
  readonly engine: Pick<EngineHost, 'listen' | 'ping'>;
  /** Hears that it is gone, and that it is back. */
  readonly onChange: () => void;
  readonly log: Log;
}

const HEARTBEAT_MS = 2_000;
/** Until one that is away is tried again. */
const RETRY_MS = 500;
const ABSENCE = 'The container engine of the node does not answer. Jobs begin when it is back.';

export function createEngineWatch({ engine, onChange, log }: EngineWatchOptions): EngineWatch {
  const stopping = new AbortController();
  let isAway = false;
  let watching: Promise<void> | undefined;

  const noteBack = () => {
    if (!isAway) return;
    isAway = false;
    log.info('the container engine is back');
    onChange();
  };
  const noteGone = (problem: string) => {
    if (isAway) return;
    isAway = true;
    log.warn({ problem }, 'the container engine is gone: no job begins until it is back');
    onChange();
  };

  const heartbeats = async (signal: AbortSignal): Promise<never> => {
    for (;;) {
      await pause(HEARTBEAT_MS, signal);
      await engine.ping(signal);
    }
  };

  /** Resolves to what told that it is not there, or no more. */
  const untilGone = async (): Promise<string> => {
    const over = new AbortController();
    const signal = AbortSignal.any([stopping.signal, over.signal]);
    try {
      await Promise.race([engine.listen(noteBack, signal), heartbeats(signal)]);
      return 'its stream of events ended';
    } catch (error) {
      return messageOf(error);
    } finally {
      over.abort();
    }
  };

  const watch = async () => {
    while (!stopping.signal.aborted) {
      const problem = await untilGone();
      if (stopping.signal.aborted) return;
      noteGone(problem);
      await pause(RETRY_MS, stopping.signal).catch(() => undefined);
    }
  };

  return {
    name: 'engine watch',
    start() {
      watching ??= watch();
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await watching;
    },
    absence: () => (isAway ? ABSENCE : undefined),
  };
}
