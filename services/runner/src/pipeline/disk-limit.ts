/**
 * The disk limit: measures what a job has written, again and again while it runs, since most file systems can't hold it to a size. So it may write more
 * than its limit by as much as it can write between two looks. Where the disk has hardly anything left, a job that can not be measured
 * within seconds ends, whatever it has written.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '@capstan/shared/contract/errors';
import { GB } from '@capstan/shared/contract/sizes';
import { LEFT } from '@capstan/shared/runtime/limited';
import type { EngineVolumes, Room } from '../docker/ports/volumes.ts';
import { isWritable, isWritableByFilter, labelsOfAttempt, namesOf } from '../docker/names.ts';
import type { Attempt } from './attempt.ts';
import type { EngineHost } from '../docker/ports/host.ts';

const INTERVAL_MS = 500;
/** Where measuring itself takes long, it is a tenth of the time: but whoever makes it slow gets no more than this. */
const COST_FACTOR = 9;
const MAX_INTERVAL_MS = 2_000;

/** Of a disk that has less left than half of what the operator wants to be free, nobody waits so long for a look to end. */
const MAX_UNSEEN_MS = 5_000;
const SCARCE_SHARE = 0.5;
const SCARCE_INTERVAL_MS = 50;

/** How long nobody looks, after a look that took `costMs`, if nobody says otherwise. */
export const pauseAfter = (costMs: number) => Math.min(MAX_INTERVAL_MS, Math.max(INTERVAL_MS, costMs * COST_FACTOR));

type Watched = Pick<Attempt, 'identity' | 'limits' | 'log'> & {
  readonly engine: Pick<EngineHost, 'find'> & Pick<EngineVolumes, 'diskUsage' | 'namelessUsage' | 'freeBytes'>;
  readonly settings: Pick<Attempt['settings'], 'minFreeDiskGB'>;
};

/** The filter gets as much again as the job had: what the job has left behind counts, too. */
const FILTER_SHARE = 2;

interface Looking {
  /** Whose container writes. */
  readonly by?: 'algorithm' | 'filter';
  readonly maxUnseenMs?: number;
  /** How long nobody looks, after a look that took `costMs`. */
  readonly pauseMs?: (costMs: number) => number;
}

/**
 * Resolves once the job has written too much, to what it takes. Rejects only when `signal` aborts. Folders, open files and the free space
 * are looked at independently: whoever makes one of the looks slow is seen by the others.
 */
export async function tooMuchDisk(
  { engine, identity, limits, settings, log }: Watched,
  signal: AbortSignal,
  { by = 'algorithm', maxUnseenMs = MAX_UNSEEN_MS, pauseMs = pauseAfter }: Looking = {},
): Promise<Room> {
  // What has only just begun has written nothing, and many programs end before the first look.
  await pause(INTERVAL_MS, undefined, { signal });
  const isTheirs = by === 'filter' ? isWritableByFilter : isWritable;
  const volumes = await writableVolumes({ engine, identity }, isTheirs, signal);
  const writer = { container: namesOf(identity)[by], volumes };
  const share = by === 'filter' ? FILTER_SHARE : 1;
  const enough = { bytes: limits.diskBytes * share, files: limits.maxFiles * share };
  const nothing: Room = { bytes: 0, files: 0 };
  const latest = { named: nothing, nameless: nothing };
  const scarceBytes = settings.minFreeDiskGB * GB * SCARCE_SHARE;
  let isKnown = true;
  let isScarce = false;
  /** When it was last known what the folders hold. */
  let seenAtMs = performance.now();
  using stopping = aborting();
  const until = AbortSignal.any([signal, stopping.signal]);
  const named = async () => {
    const used = await measured(() => engine.diskUsage(volumes, enough, until), until);
    if (used === undefined && isKnown) log.warn('what the job writes can not be measured while it runs');
    isKnown = used !== undefined;
    const wasSlow = latest.named.beyond !== undefined;
    latest.named = used ?? nothing;
    if (used?.beyond === undefined) seenAtMs = performance.now();
    // Once, it may have been the machine that was slow.
    const room = used?.beyond && !wasSlow ? { bytes: used.bytes, files: used.files } : latest.named;
    return sumOf(room, latest.nameless);
  };
  const nameless = async () => {
    latest.nameless = (await measured(() => engine.namelessUsage(writer, until), until)) ?? nothing;
    return sumOf({ bytes: latest.named.bytes, files: latest.named.files }, latest.nameless);
  };
  const free = async (): Promise<Room> => {
    const freeBytes = await measured(() => engine.freeBytes(volumes, until), until);
    isScarce = freeBytes !== undefined && freeBytes < scarceBytes;
    const isUnseen = isScarce && performance.now() - seenAtMs > maxUnseenMs;
    return isUnseen ? { ...sumOf(latest.named, latest.nameless), beyond: 'time' } : nothing;
  };
  const isTooMuch = (used: Room) => used.beyond !== undefined || used.bytes > enough.bytes || used.files > enough.files;
  const pauseNowMs = (costMs: number) => (isScarce ? SCARCE_INTERVAL_MS : pauseMs(costMs));
  const looks = [named, nameless, free].map((look) => again(look, { isTooMuch, pauseMs: pauseNowMs }, until));
  for (const look of looks) look.catch(() => undefined);
  return await Promise.race(looks);
}

/** Until it is too much. */
async function again(
  look: () => Promise<Room>,
  { isTooMuch, pauseMs }: { isTooMuch: (used: Room) => boolean; pauseMs: (costMs: number) => number },
  signal: AbortSignal,
): Promise<Room> {
  for (;;) {
    const before = performance.now();
    const used = await look();
    if (isTooMuch(used)) return used;
    await pause(pauseMs(performance.now() - before), undefined, { signal });
  }
}

function sumOf(named: Room, nameless: Room): Room {
  const beyond = named.beyond ?? nameless.beyond;
  const room = { bytes: named.bytes + nameless.bytes, files: named.files + nameless.files };
  return beyond === undefined ? room : { ...room, beyond };
}

/** A signal that aborts when it is left. */
function aborting(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort(LEFT) };
}

/** The image may have wanted some besides: only the engine knows of those, after a restart. */
async function writableVolumes(
  { engine, identity }: Pick<Watched, 'engine' | 'identity'>,
  isTheirs: (volume: string) => boolean,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { data, outputs, logs, scratch } = namesOf(identity).volumes;
  try {
    const { volumes } = await engine.find(labelsOfAttempt(identity), signal, { mayRecall: true });
    return volumes.map(({ name }) => name).filter(isTheirs);
  } catch (error) {
    signal.throwIfAborted();
    if (!hasCode(error, 'ENGINE_UNAVAILABLE')) throw error;
    return [data, outputs, logs, scratch];
  }
}

async function measured<T>(look: () => Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    signal.throwIfAborted();
    // An engine that is away for a moment is asked again at the next look.
    if (hasCode(error, 'ENGINE_UNAVAILABLE')) return undefined;
    throw error;
  }
}
