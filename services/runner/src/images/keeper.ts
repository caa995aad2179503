/**
 * Keeps the images that jobs use, and lets the others go when the engine's disk fills up: woken by events, a pull or the end of a job.
 * An image in use stays: the engine says which ones containers need, and a job that is on its way to its container holds its own.
 */
import type { Clock } from '@capstan/shared/clock';
import { messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import { createWake } from '@capstan/shared/wake';
import type { Engine, Image } from '../docker/engine.ts';
import { nextToEvict, usedPercent, type DiskUse } from './eviction.ts';
import type { ImageNote, ImageNotes } from './notes.ts';

export interface HeldImage extends Disposable {
  readonly id: string;
}

export interface ImageKeeper {
  /** Looks for an image that must stay from then on; `reference` if this runner pulled it by that name just now. */
  take(find: () => Promise<Image | undefined>, reference?: string): Promise<(Image & Disposable) | undefined>;
  /** Resolves when the disk is as empty as it can be made, if it was too full. */
  makeRoom(): Promise<void>;
  /** Something has changed. */
  wake(): void;
  idle(): Promise<void>;
}

interface KeeperOptions {
  readonly engine: Engine;
  readonly notes: ImageNotes;
  readonly readDisk: () => Promise<DiskUse>;
  readonly watermarks: { readonly abovePercent: number; readonly belowPercent: number };
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when the runner stops. */
  readonly signal: AbortSignal;
}

export function createImageKeeper({
  engine,
  notes,
  readDisk,
  watermarks,
  clock,
  log,
  signal,
}: KeeperOptions): ImageKeeper {
  const holders = new Map<string, number>();
  const exclusively = createTurns();
  let known: readonly ImageNote[] | undefined;

  const noted = async () => {
    try {
      known ??= await notes.read();
    } catch (error) {
      log.error({ problem: messageOf(error) }, 'the list of pulled images can not be read: those on it will stay');
      known = [];
    }
    return known;
  };

  const writing = createWake(
    async () => notes.write(known ?? []),
    (error) => log.warn({ problem: messageOf(error) }, 'the list of pulled images could not be written'),
  );
  const note = (next: readonly ImageNote[]) => {
    known = next;
    writing.wake();
  };

  const used = async ({ id }: Image, reference: string | undefined) => {
    const before = await noted();
    const at = clock.now();
    const others = before.filter((one) => one.reference !== reference);
    const next = others.map((one) => (one.id === id ? { ...one, lastUsedAt: at } : one));
    if (reference === undefined) {
      // No job waits for the disk only because it used an image.
      if (before.some((one) => one.id === id)) note(next);
      return;
    }
    note([...next, { reference, id, lastUsedAt: at }]);
    await writing.idle();
  };

  const hold = (id: string): Disposable => {
    holders.set(id, (holders.get(id) ?? 0) + 1);
    return {
      [Symbol.dispose]() {
        const left = (holders.get(id) ?? 1) - 1;
        if (left > 0) holders.set(id, left);
        else holders.delete(id);
      },
    };
  };

  /** Resolves to whether one was tried. */
  const evictOne = (tried: Set<string>) =>
    exclusively(async () => {
      const all = await noted();
      const next = nextToEvict(all, ({ reference, id }) => !holders.has(id) && !tried.has(reference));
      if (!next) return false;
      const { reference } = next;
      tried.add(reference);
      if ((await engine.removeImage(reference, signal)) === 'in-use') return true;
      log.info(
        { image: reference, lastUsedAt: new Date(next.lastUsedAt).toISOString() },
        'an image was removed to make room',
      );
      note(all.filter((one) => one !== next));
      return true;
    });

  const isFull = async () => usedPercent(await readDisk()) > watermarks.abovePercent;
  const isEnough = async () => usedPercent(await readDisk()) <= watermarks.belowPercent;

  const tidy = async () => {
    if (signal.aborted || !(await isFull())) return;
    const tried = new Set<string>();
    while (!signal.aborted && !(await isEnough())) if (!(await evictOne(tried))) return;
  };
  const tidying = createWake(tidy, (error) => {
    if (!signal.aborted) log.warn({ problem: messageOf(error) }, 'could not make room for images');
  });

  return {
    take: (find, reference) =>
      exclusively(async () => {
        const image = await find();
        if (!image) return undefined;
        const held = hold(image.id);
        await used(image, reference);
        return { ...image, [Symbol.dispose]: () => held[Symbol.dispose]() };
      }),
    async makeRoom() {
      tidying.wake();
      await tidying.idle();
    },
    wake: () => tidying.wake(),
    async idle() {
      await tidying.idle();
      await writing.idle();
    },
  };
}

/** One after the other, so that no image is removed while a job looks for it. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
}
