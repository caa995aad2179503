/** An engine that is kept from asking registries for digests, as behind a proxy for its socket. */
import { expect } from 'chai';
import { CapstanError } from '@capstan/shared/contract/errors';
import { createLog } from '@capstan/shared/runtime/log';
import type { Engine } from '../../../../services/runner/src/docker/engine.ts';
import type { Image } from '../../../../services/runner/src/docker/ports/images.ts';
import { createImages } from '../../../../services/runner/src/images/images.ts';
import type { ImageCache } from '../../../../services/runner/src/images/image-cache.ts';
import { createSharedPulls } from '../../../../services/runner/src/images/shared-pulls.ts';

const { signal } = new AbortController();
const log = createLog('test', 'silent');
const NAME = 'some/app:1';

const imageOf = (id: string, reference: string): Image => ({
  id,
  digests: [],
  tags: [reference],
  sizeBytes: 1,
  os: 'linux',
  architecture: 'amd64',
  settings: { labels: {}, volumes: [], workingDir: '', argv: [] },
});

/** With a registry that gives `theirs` for every name. */
function machine(local: Readonly<Record<string, string>>) {
  const tags = new Map(Object.entries(local));
  const engine: Pick<Engine, 'about' | 'findImage' | 'findDigest' | 'pullImage'> = {
    about: () => Promise.resolve({ version: '1', os: 'linux', architecture: 'amd64', rootDir: '/' }),
    findImage(reference) {
      const id = tags.get(reference);
      return Promise.resolve(id === undefined ? undefined : imageOf(id, reference));
    },
    findDigest: () => Promise.reject(new CapstanError('IMAGE_UNAVAILABLE', 'a reason')),
    pullImage({ reference }) {
      tags.set(reference, 'theirs');
      return Promise.resolve();
    },
  };
  const cache: ImageCache = {
    async take(find) {
      const image = await find();
      return image && { ...image, [Symbol.dispose]: () => undefined };
    },
    discard: () => Promise.resolve(),
    notes: () => Promise.resolve([]),
    makeRoom: () => Promise.resolve(),
    wake: () => undefined,
    evictAll: () => Promise.resolve(false),
    idle: () => Promise.resolve(),
  };
  const pulls = createSharedPulls({
    engine: engine as Engine,
    limits: { timeoutS: 10, stallTimeoutS: 10, maxBytes: 100 },
    isDiskFull: () => Promise.resolve(false),
    log,
  });
  const settings = { deny: [], requireDigest: false, registries: ['docker.io'], local: [], maxImageGB: 1 };
  const images = createImages({
    engine: engine as Engine,
    pulls,
    cache,
    settings: { ...settings, evictAbovePercent: 85, evictBelowPercent: 75, stallTimeoutS: 10 },
    registries: [],
    log,
  });
  return { tags, ensure: () => images.ensure({ container: { image: 'some/app', tag: '1' } }, signal) };
}

describe('an image whose digest the engine does not tell', () => {
  it('is pulled by its tag where nobody has that tag', async () => {
    const { ensure } = machine({});
    using image = await ensure();
    expect(image.id).to.equal('theirs');
  });

  it('is not pulled over a tag of the machine, and the reason is the one that a pull would give', async () => {
    const { tags, ensure } = machine({ [NAME]: 'own' });
    const refusal = await ensure().then(
      () => undefined,
      (error: unknown) => error as CapstanError,
    );
    expect(refusal?.message).to.equal(`The image ${NAME} could not be pulled: a reason.`);
    expect(tags.get(NAME)).to.equal('own');
  });
});
