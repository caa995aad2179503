/**
 * Keeps the images that jobs use, and lets the others go when the engine's disk fills up: woken by events, a pull or the end of a job.
 * An image in use stays: the engine says which ones containers need, and a job that is on its way to its container holds its own.
 */
import type { Clock } from '@capstan/shared/runtime/clock';
import { hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import { createWake } from '@capstan/shared/runtime/wake';
import type { EngineImages, Image, ImageSettings } from '../docker/ports/images.ts';
import { namesToRemove, nextToEvict, usedPercent, type DiskUse } from './eviction.ts';
import type { ImageNote, ImageNotes } from './notes.ts';
import type { EngineHost } from '../docker/ports/host.ts';

export interface HeldImage extends Disposable {
  readonly id: string;
  readonly settings: ImageSettings;
}

export interface ImageCache {
  /** Looks for an image that must stay from then on; `pulled` if this runner pulled it just now. */
  take(find: () => Promise<Image | undefined>, pulled?: Pulled): Promise<(Image & Disposable) | undefined>;
  /** Removes an image that this runner pulled, unless somebody else has given it a name, or a container needs it. */
  discard(id: string): Promise<void>;
  /** What is known of pulled images. */
  notes(): Promise<readonly ImageNote[]>;
  /** Resolves when the disk is as empty as it can be made, if it was too full. */
  makeRoom(): Promise<void>;
  /** Lets all images go that nobody uses, for one that has no room beside them; resolves to whether one went. */
  evictAll(): Promise<boolean>;
  /** Something has changed. */
  wake(): void;
  idle(): Promise<void>;
}

/** By which name, and how. */
export type Pulled = Pick<ImageNote, 'reference' | 'tagged' | 'isPublic' | 'isKept'>;

interface KeeperOptions {
  readonly engine: EngineHost & EngineImages;
  readonly notes: ImageNotes;
  readonly readDisk: () => Promise<DiskUse>;
  readonly watermarks: { readonly abovePercent: number; readonly belowPercent: number };
  readonly clock: Clock;
  readonly upkeep: Pick<Upkeep, 'paced'>;
  readonly log: Log;
  /** Aborts when the runner stops. */
  readonly signal: AbortSignal;
}

const MAX_REMOVALS = 1_000;

export function createImageCache({
  engine,
  notes,
  readDisk,
  watermarks,
  clock,
  upkeep,
  log,
  signal,
}: KeeperOptions): ImageCache {
  const holders = new Map<string, number>();
  const removals = createRemovals();
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

  const used = async (image: Image, pulled: Pulled | undefined) => {
    const { id } = image;
    const before = await noted();
    const at = clock.now();
    const others = before.filter((one) => one.reference !== pulled?.reference || one.tagged !== pulled.tagged);
    const next = others.map((one) => (one.id === id ? { ...one, lastUsedAt: at } : one));
    if (pulled === undefined) {
      // No job waits for the disk only because it used an image.
      if (before.some((one) => one.id === id)) note(next);
      return;
    }
    // A tag stands for one image: what it stood for before is known by its digest.
    const untagged = next.map(({ tagged, ...one }) =>
      tagged === undefined || tagged === pulled.tagged ? one : { ...one, tagged },
    );
    const ours = [pulled, ...before].map(({ reference }) => reference);
    const isKept = pulled.isKept === true || namesToRemove(image, ours) === undefined;
    note([...untagged, { ...pulled, isKept, id, lastUsedAt: at }]);
    await writing.idle();
  };

  const remove = async (id: string): Promise<'removed' | 'in-use' | 'theirs'> => {
    const all = await noted();
    const pulled = all.filter((one) => one.id === id);
    const image = await engine.findImage(id, signal);
    const names = image
      ? namesToRemove(
          image,
          pulled.map(({ reference }) => reference),
        )
      : [];
    if (names === undefined || pulled.some(({ isKept }) => isKept)) {
      note((await noted()).map((one) => (one.id === id ? { ...one, isKept: true } : one)));
      return 'theirs';
    }
    for (const name of names) if ((await engine.removeImage(name, signal)) === 'in-use') return 'in-use';
    note((await noted()).filter((one) => one.id !== id));
    return 'removed';
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

  /** One that an engine is stuck with, though it answers all else, keeps none of the others from going. */
  const unlessSilent = async (error: unknown): Promise<'silent'> => {
    if (!hasCode(error, 'ENGINE_UNAVAILABLE')) throw error;
    await engine.about(signal);
    return 'silent';
  };

  /** Resolves to what became of the next one; undefined if there is none. */
  const evictOne = (tried: Set<string>) =>
    exclusively(async () => {
      const all = await noted();
      const next = nextToEvict(all, ({ id, isKept }) => !isKept && !holders.has(id) && !tried.has(id));
      if (!next) return undefined;
      const { id, tagged, reference: image } = next;
      tried.add(id);
      const became = await removals.during(id, () => remove(id)).catch(unlessSilent);
      if (became === 'removed')
        log.info(
          { image, tagged, lastUsedAt: new Date(next.lastUsedAt).toISOString() },
          'an image was removed to make room',
        );
      return became;
    });

  const evictAll = async () => {
    const tried = new Set<string>();
    let hasGone = false;
    using pace = upkeep.paced('eviction of images', signal);
    for (let became = await evictOne(tried); became !== undefined; became = await evictOne(tried)) {
      hasGone ||= became === 'removed';
      await pace.rest();
    }
    return hasGone;
  };

  const isFull = async () => usedPercent(await readDisk()) > watermarks.abovePercent;
  const isEnough = async () => usedPercent(await readDisk()) <= watermarks.belowPercent;

  const tidy = async () => {
    if (signal.aborted || !(await isFull())) return;
    const tried = new Set<string>();
    using pace = upkeep.paced('eviction of images', signal);
    while (!signal.aborted && !(await isEnough())) {
      if ((await evictOne(tried)) === undefined) return;
      await pace.rest();
    }
  };
  const tidying = createWake(tidy, (error) => {
    if (!signal.aborted) log.warn({ problem: messageOf(error) }, 'could not make room for images');
  });

  return {
    notes: noted,
    async take(find, pulled) {
      // Side by side, or a look that the engine does not answer would hold up all others.
      for (;;) {
        const before = removals.begun();
        const image = await find();
        if (!image) return undefined;
        // From now on it is not removed.
        const held = hold(image.id);
        if (removals.touched(image.id, before)) {
          held[Symbol.dispose]();
          await removals.over(image.id);
          continue;
        }
        await used(image, pulled);
        return { ...image, [Symbol.dispose]: () => held[Symbol.dispose]() };
      }
    },
    discard: (id) =>
      exclusively(async () => {
        if (!holders.has(id)) await removals.during(id, () => remove(id));
      }),
    async makeRoom() {
      tidying.wake();
      await tidying.idle();
    },
    evictAll,
    wake: () => tidying.wake(),
    async idle() {
      await tidying.idle();
      await writing.idle();
    },
  };
}

/** Removals of images: what was seen of one before, or meanwhile, says nothing of it any more. */
function createRemovals() {
  interface Removal {
    readonly at: number;
    isOver: boolean;
    readonly done: Promise<unknown>;
  }
  let begun = 0;
  /** Of those before it nothing is known any more. */
  let known = 0;
  const last = new Map<string, Removal>();
  return {
    begun: () => begun,
    /** Whether one was going on at that time, or has begun since. */
    touched(id: string, since: number) {
      const removal = last.get(id);
      return since < known || (removal !== undefined && (removal.at > since || !removal.isOver));
    },
    over: async (id: string) => void (await last.get(id)?.done),
    during<T>(id: string, remove: () => Promise<T>): Promise<T> {
      begun += 1;
      if (last.size >= MAX_REMOVALS) {
        last.clear();
        known = begun;
      }
      const removing = remove();
      const done = removing.then(
        () => over(),
        () => over(),
      );
      const removal: Removal = { at: begun, isOver: false, done };
      const over = () => void (removal.isOver = true);
      last.set(id, removal);
      return removing;
    },
  };
}

/** One removal after the other: each looks first how full the disk still is. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
}
