/** Whether files go through the engine or are written and read in its volumes, a job sees the same, and its results are the same. */
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { engineSocket } from '../../../scripts/parts/engine.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { startEngineProxy, type EngineProxy } from '../../support/engine-proxy.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

const sh = (rawcode: string) => ({ rawcode, container: { entrypoint: 'sh $ALGO' } });
const OUT = '/data/outputs';

/** What an algorithm finds: names, rights, owners and content of all that is the node's. */
const LOOKS = `for at in /data /scratch /etc; do find $at -exec stat -c '%n %F %a %u %g %N' {} + ; done;
cat /etc/passwd /etc/group /data/inputs/algoCustomData.json; wc -c /data/transformations/algorithm; id; touch /data/own /scratch/own ${OUT}/own /data/logs/own && echo may write`;

/** Less what differs from job to job, and from environment to environment. */
function comparable(text: string): readonly string[] {
  const uid = /^uid=(\d+)/m.exec(text)?.[1] ?? 'none';
  return text
    .replaceAll(/[0-9a-f]{64}/g, 'HASH')
    .replaceAll(new RegExp(`\\b${uid}\\b`, 'g'), 'UID')
    .split('\n')
    .toSorted();
}

const PLAIN: Readonly<Record<string, string>> = {
  nothing: 'true',
  'what it finds': `{ ${LOOKS}; } > ${OUT}/found`,
  'folders and files': `mkdir -p ${OUT}/a/b /data/logs/c; echo 1 > ${OUT}/a/b/one; echo 2 > ${OUT}/a/two; : > ${OUT}/empty; echo 3 > /data/logs/c/three; chmod 0 ${OUT}/a/two`,
  'names that are taken': `echo 1 > ${OUT}/same; echo 2 > /data/logs/same; echo 3 > ${OUT}/algorithm.log; echo 4 > /data/logs/algorithm.log`,
  'names that are odd': `echo 1 > "${OUT}/$(printf 'line\\nend')"; echo 2 > "${OUT}/-rf *"; echo 3 > "${OUT}/ä ö"; echo 4 > '${OUT}/back\\slash'`,
};
const ODD: Readonly<Record<string, string>> = {
  'links of all kinds': `echo 1 > ${OUT}/one; ln ${OUT}/one ${OUT}/other; ln -s /etc/passwd ${OUT}/passwd; ln -s one ${OUT}/soft`,
  'pipes and holes': `mkfifo ${OUT}/pipe; truncate -s 3M ${OUT}/holes; echo 1 > ${OUT}/one`,
  'two megabytes': `head -c 2000000 /dev/zero > ${OUT}/zeros`,
  'three hundred files': `i=0; while [ $i -lt 300 ]; do echo $i > ${OUT}/$i; i=$((i + 1)); done`,
  'a name that is no UTF-8': `echo 1 > "${OUT}/$(printf 'a\\377')"; echo 2 > "${OUT}/$(printf 'a\\376')"`,
};

describe('the files of a job', function () {
  this.timeout(240_000);
  let proxy: EngineProxy;
  let here: Scene;
  let through: Scene;
  let release: (() => Promise<void>) | undefined;

  before(async function () {
    // Nobody else may give files away.
    if (process.geteuid?.() !== 0) this.skip();
    await using releases = new AsyncDisposableStack();
    const folder = releases.use(await temporaryFolder('at-hand'));
    proxy = releases.use(await startEngineProxy(folder.path));
    const scene = (variables: Readonly<Record<string, string>>) => startScene({ variables });
    here = releases.use(await scene({ CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket }));
    const engine = { CAPSTAN_RUNNER_DOCKER_SOCKET: engineSocket(), CAPSTAN_RUNNER_FILES_THROUGH_ENGINE: 'true' };
    through = releases.use(await scene(engine));
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release?.());

  const leftBy = async (scene: Scene, rawcode: string) => {
    const jobId: JobId = await scene.start(sh(rawcode));
    const { code } = await scene.until(jobId, 'end');
    const { files, skipped } = await scene.manifest(jobId);
    const text = files.some(({ filename }) => filename === 'found') ? await scene.text(jobId, 'found') : '';
    const isOurs = ({ filename }: { readonly filename: string }) => filename !== 'found';
    return { code, skipped, files: files.filter(isOurs), found: comparable(text) };
  };

  const ARCHIVES = /^\/containers\/[^/]+\/archive\?/;
  for (const [what, rawcode] of Object.entries(PLAIN)) {
    it(`are the same without the engine: ${what}`, async () => {
      // What the engine reads of an image is looked at once.
      await leftBy(here, 'true');
      using archives = proxy.plant({
        method: 'GET',
        path: ARCHIVES,
        does: { kind: 'answer', status: 500, message: 'no' },
      });
      using unpacking = proxy.plant({
        method: 'PUT',
        path: ARCHIVES,
        does: { kind: 'answer', status: 500, message: 'no' },
      });
      const found = await leftBy(here, rawcode);
      expect(archives.met() + unpacking.met(), 'the engine is not asked').to.equal(0);
      expect(found.code).to.equal(70);
      expect(found).to.deep.equal(await leftBy(through, rawcode));
    });
  }

  for (const [what, rawcode] of Object.entries(ODD)) {
    it(`are the engine's to pack: ${what}`, async () => {
      const found = await leftBy(here, rawcode);
      expect(found.code).to.equal(70);
      expect(found).to.deep.equal(await leftBy(through, rawcode));
    });
  }

  it("are the engine's to unpack where they are large", async () => {
    const large = `# ${'x'.repeat(400_000)}\nwc -c < $ALGO > ${OUT}/size`;
    const found = await leftBy(here, large);
    expect(found.code).to.equal(70);
    expect(found).to.deep.equal(await leftBy(through, large));
  });
});
