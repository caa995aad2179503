/**
 * Follows the log of an attempt in the engine into a file of the runner's own, so that it can be read while it grows, by whoever asks, and
 * is whole in the end. It always goes on from the last piece it has: after a restart of the runner, of the engine, or of both.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CapstanError, hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { LEFT } from '@capstan/shared/runtime/limited';
import { TELL_MS, whileAnswering } from '../docker/answering.ts';
import { retryWhileUnavailable } from '../docker/retry-while-unavailable.ts';
import type { CaptureFile, Piece } from './capture-file.ts';
import { createFloodGauge } from './flood.ts';
import { afterAnchor, anchorOf, type LogLimits } from './log-state.ts';
import type { Segments } from './segments.ts';
import type { EngineHost } from '../docker/ports/host.ts';
import type { EngineContainers } from '../docker/ports/containers.ts';

export interface Capture extends AsyncDisposable {
  /**
   * To be called once, when the container has exited. Afterwards all that the engine has of the log is in the file. Resolves to whether it
   * was read to its end: what a life before this one gave up stays so.
   */
  complete(signal: AbortSignal): Promise<'whole' | 'broken off'>;
  /** The engine gives no more of it: a mark says so where it ends. May be repeated. */
  breakOff(): Promise<void>;
  /** The engine was not there to the end: a mark says that more may have been written. May be repeated. */
  leaveOpen(): Promise<void>;
  /** Resolves once the log is so long, beyond what is kept of it, that nobody should have to read on. Never rejects. */
  readonly flooded: Promise<void>;
  sizeBytes(): number;
  read(from: number, maxBytes: number): Promise<Piece>;
  text(): AsyncIterable<Buffer>;
  segments(): AsyncIterable<Segments>;
}

interface CaptureOptions {
  readonly engine: Pick<EngineHost, 'about'> & EngineContainers;
  /** The container. */
  readonly name: string;
  readonly file: CaptureFile;
  readonly limits: LogLimits;
  readonly isFollowed: boolean;
  readonly onGrown: () => void;
  readonly log: Log;
  /** Ends the following; the file stays. */
  readonly signal: AbortSignal;
}

/** A disk that is full, or a log that ended although the container runs. */
const AGAIN_MS = 1_000;

export function startCapture({
  engine,
  name,
  file,
  limits,
  isFollowed,
  onGrown,
  log,
  signal,
}: CaptureOptions): Capture {
  const exited = new AbortController();
  const followSignal = AbortSignal.any([signal, exited.signal]);

  /** Of the engine: as long as more of them come, it tells. */
  let readings = 0;

  const take = async (how: { readonly follow: boolean }, untilSignal: AbortSignal): Promise<'found' | 'gone'> => {
    const anchor = anchorOf(file.state());
    const isNew = anchor ? afterAnchor(anchor) : (frames: Parameters<CaptureFile['append']>[0]) => frames;
    let isFound = anchor === undefined;
    for await (const frames of await engine.readLog(name, how, untilSignal)) {
      readings += 1;
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

  const gauge = createFloodGauge(limits);
  const { promise: flooded, resolve: tellOfFlood } = Promise.withResolvers<void>();
  /** What is not kept is only counted. Resolves to whether it is too much. */
  const count = async () => {
    for await (const frames of await engine.readLog(name, { follow: true }, followSignal))
      if (gauge.counts(frames)) return true;
    return false;
  };

  /** Resolves to whether there is nothing more to follow. */
  const followOnce = async () => {
    if (file.state().isFull) return count();
    if (anchorOf(file.state())) await catchUp(followSignal);
    if (!file.state().isFull) await take({ follow: true }, followSignal);
    return false;
  };

  const mayRun = async () => {
    try {
      return (await engine.inspectContainer(name, followSignal)).kind === 'running';
    } catch (error) {
      return !hasCode(error, 'CONTAINER_LOST') && !followSignal.aborted;
    }
  };

  const follow = async () => {
    while (!followSignal.aborted) {
      try {
        if (await retryWhileUnavailable(followOnce, { signal: followSignal, log })) return tellOfFlood();
      } catch (error) {
        // Whatever it is: who waits for the container's exit finds out, and in the end what is missing is read once more.
        if (followSignal.aborted || hasCode(error, 'CONTAINER_LOST')) return;
        log.warn({ problem: messageOf(error) }, 'the log of a job could not be followed, trying on');
      }
      await delay(AGAIN_MS, undefined, { signal: followSignal }).catch(() => undefined);
      // Most logs end because the container did, and whoever waits for that has heard of it by now.
      if (followSignal.aborted || !(await mayRun())) return;
    }
  };
  const following = isFollowed ? follow() : Promise.resolve();

  return {
    async complete(untilSignal) {
      exited.abort(LEFT);
      await following;
      const bounds = { engine, ms: TELL_MS, overdue: silent, progress: () => readings, signal: untilSignal };
      await whileAnswering(bounds, (limited) =>
        retryWhileUnavailable(() => catchUp(limited), { signal: limited, log }),
      ).catch(async (error: unknown) => {
        // With the container its log is gone; what was captured of it is what there is.
        if (!hasCode(error, 'CONTAINER_LOST')) throw error;
        log.warn('the engine lost a container before its log was read to the end');
        await file.appendBreak();
      });
      return file.state().isBrokenOff ? 'broken off' : 'whole';
    },
    breakOff: () => file.appendBreak(),
    leaveOpen: () => file.appendOpenEnd(),
    flooded,
    sizeBytes: () => file.state().sizeBytes,
    read: (from, maxBytes) => file.read(from, maxBytes),
    text: () => file.text(),
    segments: () => file.segments(),
    async [Symbol.asyncDispose]() {
      exited.abort(LEFT);
      await following;
      await file[Symbol.asyncDispose]();
    },
  };
}

const silent = () =>
  new CapstanError('OUTPUTS_UNREADABLE', 'The container engine answers all else, and does not give the log.');
