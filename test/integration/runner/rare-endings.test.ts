/** An ending that takes an engine in trouble: brought about with a real one. The one with 61 is in cleared-away.test.ts. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { startPrivateEngine } from '../../support/runner/private-engine.ts';
import { startScene } from '../../support/runner/scene.ts';

const run = promisify(execFile);

describe('a run whose engine', () => {
  it('makes no volumes ends with 21, and says so', async () => {
    await using folder = await temporaryFolder('engine');
    const dataRoot = join(folder.path, 'data');
    await using engine = await startPrivateEngine(join(folder.path, 'engine'), { dataRoot });
    await using scene = await startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: engine.socket } });
    const volumes = join(dataRoot, 'volumes');
    await run('mount', ['--bind', volumes, volumes]);
    try {
      await run('mount', ['-o', 'remount,bind,ro', volumes]);
      const jobId = await scene.start({ rawcode: 'never' });
      const { code, details } = await scene.until(jobId, 'end');
      expect(code).to.equal(21);
      expect(details.termination).to.deep.equal({
        exitCode: null,
        signal: null,
        OOMKilled: false,
        reason: 'The container engine refused to create a volume.',
      });
      expect(scene.codes(jobId)).not.to.include(40);
    } finally {
      await run('umount', [volumes]);
    }
    const next = await scene.start({ rawcode: `console.log('works again')` });
    expect((await scene.until(next, 'end')).code).to.equal(70);
  });
});
