import { expect } from 'chai';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';
import { load, smallImage } from '../../support/runner/small-image.ts';

const HOST = 'localhost/capstan-test';

/** The engine opens them by itself, and waits for a pipe that nobody writes into under the lock of the container, for ever. */
describe('an image whose list of users is no file', () => {
  let scene: Scene;
  const made: string[] = [];
  before(async () => {
    scene = await startScene({
      limits: { maxJobs: 1 },
      variables: { CAPSTAN_RUNNER_IMAGES_LOCAL: `${HOST}/*` },
    });
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    for (const name of made) await askEngine('DELETE', `/images/${name}?force=1`);
  });

  const run = async (name: string, parts: Parameters<typeof smallImage>[0]) => {
    await load(`${HOST}/${name}:1`, await smallImage({ ...parts, settings: { Env: ['PATH=/bin'] } }));
    made.push(`${HOST}/${name}:1`);
    const container = { image: `${HOST}/${name}`, tag: '1', entrypoint: 'sh $ALGO' };
    const jobId = await scene.start({ rawcode: 'echo fine', container });
    const { code, details } = await scene.until(jobId, 'end');
    return { code, reason: details.termination?.reason ?? '' };
  };

  for (const file of ['passwd', 'group']) {
    it(`(${file}) ends its job, and keeps no place from others`, async () => {
      const { code, reason } = await run(`pipe-${file}`, { folders: ['etc'], pipes: [`etc/${file}`] });
      expect(code).to.equal(22);
      expect(reason).to.contain('/etc/passwd and /etc/group have to be plain files');
      expect(await run(`beside-${file}`, {})).to.include({ code: 70 });
    });
  }

  it('as what it leads to makes its start wait for ever, or read without end, runs with a file in its place', async () => {
    for (const [name, target] of Object.entries({ kmsg: '/proc/kmsg', zero: '/dev/zero', terminal: '/dev/ptmx' })) {
      const links = { 'etc/passwd': target, 'etc/group': target };
      expect(await run(`leads-to-${name}`, { folders: ['etc'], links }), name).to.include({ code: 70 });
    }
  });

  it('but a link to one, as some tools make them, runs', async () => {
    const links = { 'etc/passwd': '/store/users/mark' };
    expect(await run('linked', { folders: ['etc', 'store', 'store/users'], links })).to.include({ code: 70 });
  });
});
