import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';
import { load, smallImage } from '../../support/runner/small-image.ts';
import { IMAGE } from '../../support/runner/spec.ts';

const names = async (scene: Scene, jobId: JobId) => (await scene.manifest(jobId)).files.map(({ filename }) => filename);

const filter = (entrypoint: string) => {
  const { image, tag = 'latest' } = IMAGE;
  return { filter: { image, tag, entrypoint, seesInputs: false, maxDurationS: 60 } };
};

describe('what an image says of volumes', () => {
  const name = 'localhost/capstan-test/past-the-filter:1';
  const container = { image: 'localhost/capstan-test/past-the-filter', tag: '1', entrypoint: 'sh $ALGO' };
  let scene: Scene;
  before(async () => {
    scene = await startScene({
      further: {
        thorough: filter('rm -rf /data/outputs/* /data/logs/* 2>/dev/null; rm -rf /data/outputs/*/*; true'),
        filtered: filter('rm -rf /data/outputs/* /data/outputs/*/* 2>/dev/null; true'),
      },
      variables: { CAPSTAN_RUNNER_IMAGES_LOCAL: `localhost/capstan-test/*,${IMAGE.image}` },
    });
  });
  after(() => scene[Symbol.asyncDispose]());

  const variants: readonly { readonly volume: string; readonly links?: Readonly<Record<string, string>> }[] = [
    { volume: '/a/b/c/d/e', links: { 'a/b/c/d/e': '/capstan/out/outputs/linked' } },
    { volume: '/data/outputs/seen' },
  ];
  for (const { volume, links = {} } of variants) {
    it(`shows the filter all that becomes a result: ${volume}`, async () => {
      const folders = Object.keys(links).length > 0 ? ['a', 'a/b', 'a/b/c', 'a/b/c/d'] : [];
      const target =
        folders.length > 0 ? ['capstan', 'capstan/out', 'capstan/out/outputs', 'capstan/out/outputs/linked'] : [];
      const settings = { Volumes: { [volume]: {} } };
      await load(name, await smallImage({ settings, links, folders: [...folders, ...target] }));
      try {
        const rawcode = `echo secret > ${volume}/secret && echo written`;
        const jobId = await scene.start({ rawcode, container }, { at: 'thorough' });
        const { code, details } = await scene.until(jobId, 'end');
        expect(code, details.termination?.reason).to.equal(70);
        expect(await scene.text(jobId, 'algorithm.log')).to.equal('written\n');
        expect(await names(scene, jobId)).to.deep.equal(['algorithm.log']);
      } finally {
        await askEngine('DELETE', `/images/${name}?force=1`);
      }
    });
  }

  it('is refused where the algorithm could move it past the filter', async () => {
    await load(name, await smallImage({ settings: { Volumes: { '/data/outputs/a/seen': {} } } }));
    try {
      const rawcode = 'echo secret > /data/outputs/a/seen/secret; cd /data/outputs; mv a b && ln -s /taken a';
      const jobId = await scene.start({ rawcode, container }, { at: 'filtered' });
      const { code, details } = await scene.until(jobId, 'end');
      expect(await names(scene, jobId)).not.to.include('a/seen/secret');
      expect(code).to.equal(11);
      expect(details.termination?.reason).to.contain('deep in /data/outputs');
    } finally {
      await askEngine('DELETE', `/images/${name}?force=1`);
    }
  });

  it('is refused where it names a folder of the node', async () => {
    await load(name, await smallImage({ settings: { Volumes: { '/capstan/out/outputs/named': {} } } }));
    try {
      const { code, details } = await scene.until(await scene.start({ rawcode: 'true', container }), 'end');
      expect(code).to.equal(11);
      expect(details.termination?.reason).to.contain("a volume (VOLUME) at /capstan, which is the node's own");
    } finally {
      await askEngine('DELETE', `/images/${name}?force=1`);
    }
  });
});
