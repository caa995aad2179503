/** What a job holds of an image while others look for theirs, and while images go. */
import { expect } from 'chai';
import { systemClock } from '@capstan/shared/runtime/clock';
import { CapstanError } from '@capstan/shared/contract/errors';
import { createLog } from '@capstan/shared/runtime/log';
import type { Engine } from '../../../../services/runner/src/docker/engine.ts';
import type { Image } from '../../../../services/runner/src/docker/ports/images.ts';
import { createImageCache } from '../../../../services/runner/src/images/image-cache.ts';
import type { ImageNote } from '../../../../services/runner/src/images/notes.ts';

const imageOf = (name: string): Image => ({
  id: `sha256:${name}`,
  digests: [`registry/${name}@sha256:${name}`],
  tags: [],
  sizeBytes: 1,
  os: 'linux',
  architecture: 'amd64',
  settings: { labels: {}, volumes: [], workingDir: '', argv: [] },
});
const noteOf = (name: string, lastUsedAt: number): ImageNote => ({
  reference: `registry/${name}@sha256:${name}`,
  id: `sha256:${name}`,
  lastUsedAt,
});
const never = <T>() => new Promise<T>(() => undefined);

/** A cache of these images, the first of which was used the longest ago. */
function keeping(names: readonly string[], engine: Partial<Engine>) {
  const about = () => Promise.resolve({ version: '1', os: 'linux', architecture: 'amd64', rootDir: '/' });
  return createImageCache({
    engine: { about, ...engine } as Engine,
    notes: { read: () => Promise.resolve(names.map(noteOf)), write: () => Promise.resolve() },
    readDisk: () => Promise.resolve({ totalBytes: 100, freeBytes: 0 }),
    watermarks: { abovePercent: 80, belowPercent: 70 },
    clock: systemClock,
    upkeep: { paced: () => ({ rest: () => Promise.resolve(), [Symbol.dispose]: () => undefined }) },
    log: createLog('test', 'silent'),
    signal: new AbortController().signal,
  });
}

describe('an image that the engine does not tell of', () => {
  it('holds up no look for another one', async () => {
    const cache = keeping([], {});
    const stuck = cache.take(() => never());
    stuck.catch(() => undefined);
    using other = await cache.take(() => Promise.resolve(imageOf('other')));
    expect(other?.id).to.equal('sha256:other');
  });

  it('keeps none of the others from going', async () => {
    const removed: string[] = [];
    const cache = keeping(['stuck', 'other'], {
      findImage: (id) =>
        id.endsWith('stuck')
          ? Promise.reject(new CapstanError('ENGINE_UNAVAILABLE', 'The container engine does not answer.'))
          : Promise.resolve(imageOf('other')),
      removeImage: (name) => {
        removed.push(name);
        return Promise.resolve('removed');
      },
    });
    expect(await cache.evictAll()).to.equal(true);
    expect(removed).to.deep.equal(['registry/other@sha256:other']);
  });
});

describe('an image that is found', () => {
  it('is looked for again where it was going meanwhile, and is not removed once it is held', async () => {
    const removal = Promise.withResolvers<'removed'>();
    const begun = Promise.withResolvers<void>();
    let isThere = true;
    const cache = keeping(['one'], {
      findImage: () => Promise.resolve(isThere ? imageOf('one') : undefined),
      removeImage() {
        begun.resolve();
        return removal.promise;
      },
    });
    const eviction = cache.evictAll();
    await begun.promise;
    let looks = 0;
    const taking = cache.take(() => {
      looks += 1;
      return Promise.resolve(isThere ? imageOf('one') : undefined);
    });
    isThere = false;
    removal.resolve('removed');
    await eviction;
    expect(await taking).to.equal(undefined);
    expect(looks).to.equal(2);

    isThere = true;
    using held = await cache.take(() => Promise.resolve(imageOf('one')), { reference: 'registry/one@sha256:one' });
    expect(held?.id).to.equal('sha256:one');
    expect(await cache.evictAll(), 'it is held').to.equal(false);
  });
});
