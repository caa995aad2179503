/**
 * Follows the log of an attempt in the engine into a file of the runner's own, so that it can be read while it grows, by whoever asks, and
 * is whole in the end. It always goes on from the last piece it has: after a restart of the runner, of the engine, or of both.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode, messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Engine } from '../docker/engine.ts';
import { insist } from '../docker/insist.ts';
import type { CaptureFile, Piece } from './capture-file.ts';
import { afterAnchor, anchorOf } from './log-state.ts';
import type { Segments } from './segments.ts';

export interface Capture extends AsyncDisposable {
  /** To be called once, when the container has exited. Afterwards all that the engine has of the log is in the file. */
  complete(signal: AbortSignal): Promise<void>;
  sizeBytes(): number;
  read(from: number, maxBytes: number): Promise<Piece>;
  text(): AsyncIterable<Buffer>;
  segments(): AsyncIterable<Segments>;
}

interface CaptureOptions {
  readonly engine: Engine;
  /** The container. */
  readonly name: string;
  readonly file: CaptureFile;
  readonly onGrown: () => void;
  readonly log: Log;
  /** Ends the following; the file stays. */
  readonly signal: AbortSignal;
}

/** A disk that is full, or a log that ended although the container runs. */
const AGAIN_MS = 1_000;

export function startCapture({ engine, name, file, onGrown, log, signal }: CaptureOptions): Capture {
  const exited = new AbortController();
  const followSignal = AbortSignal.any([signal, exited.signal]);

  const take = async (how: { readonly follow: boolean }, untilSignal: AbortSignal): Promise<'found' | 'gone'> => {
    const anchor = anchorOf(file.state());
    const isNew = anchor ? afterAnchor(anchor) : (frames: Parameters<CaptureFile['append']>[0]) => frames;
    let isFound = anchor === undefined;
    for await (const frames of await engine.readLog(name, how, untilSignal)) {
      const fresh = isNew(frames);
      if (!fresh) continue;
      isFound = true;
      if (fresh.length > 0) await file.append(fresh);
      if (fresh.length > 0) onGrown();
      if (file.state().isFull) break;
    }
    return isFound ? 'found' : 'gone';
  };

  /** All that the engine has at the moment. */
  const catchUp = async (untilSignal: AbortSignal) => {
    if (file.state().isFull || (await take({ follow: false }, untilSignal)) === 'found') return;
    log.warn('the engine has begun the log of a container anew before all of it was read');
    await file.appendGap();
    await take({ follow: false }, untilSignal);
  };

  const followOnce = async () => {
    if (anchorOf(file.state())) await catchUp(followSignal);
    if (!file.state().isFull) await take({ follow: true }, followSignal);
  };

  const follow = async () => {
    while (!followSignal.aborted && !file.state().isFull) {
      try {
        await insist(followOnce, { signal: followSignal, log });
        if ((await engine.inspectContainer(name, followSignal)).kind !== 'running') return;
      } catch (error) {
        // Whatever it is: who waits for the container's exit finds out, and in the end what is missing is read once more.
        if (followSignal.aborted || hasCode(error, 'CONTAINER_LOST')) return;
        log.warn({ problem: messageOf(error) }, 'the log of a job could not be followed, trying on');
      }
      await delay(AGAIN_MS, undefined, { signal: followSignal }).catch(() => undefined);
    }
  };
  const following = follow();

  return {
    async complete(untilSignal) {
      exited.abort();
      await following;
      await insist(() => catchUp(untilSignal), { signal: untilSignal, log }).catch((error: unknown) => {
        // With the container its log is gone; what was captured of it is what there is.
        if (!hasCode(error, 'CONTAINER_LOST')) throw error;
        log.warn('the engine lost a container before its log was read to the end');
      });
    },
    sizeBytes: () => file.state().sizeBytes,
    read: (from, maxBytes) => file.read(from, maxBytes),
    text: () => file.text(),
    segments: () => file.segments(),
    async [Symbol.asyncDispose]() {
      exited.abort();
      await following;
      await file[Symbol.asyncDispose]();
    },
  };
}
