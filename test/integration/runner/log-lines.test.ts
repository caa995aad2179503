/** What an operator reads of a job in the log of its runner. */
import { expect } from 'chai';
import { parseEntry } from '../../../scripts/parts/service.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

describe('the log of a runner, of one job', () => {
  let scene: Scene;
  before(async () => {
    scene = await startScene({ variables: { CAPSTAN_RUNNER_STOP_GRACE_S: '1', CAPSTAN_LOG_LEVEL: 'info' } });
  });
  after(() => scene[Symbol.asyncDispose]());

  /** All lines of the job that an operator sees, up to the one that follows here. */
  const linesOf = async (jobId: string) => {
    const marker = await scene.start({ rawcode: 'exit 0', container: { entrypoint: 'sh $ALGO' } });
    await scene.until(marker, 'end');
    const entries = scene
      .runner()
      .lastLines(200)
      .flatMap((line) => parseEntry(line) ?? []);
    return entries.filter((entry) => entry['jobId'] === jobId);
  };
  const start = (rawcode: string) => scene.start({ rawcode, container: { entrypoint: 'sh $ALGO' } });

  it('is one line a step with its text, none twice, and nothing at a normal end', async () => {
    const jobId = await start('exit 0');
    await scene.until(jobId, 'end');
    await scene.want(jobId, 'ended');
    expect((await linesOf(jobId)).map(({ msg }) => msg)).to.deep.equal([
      'Job started',
      'Configuring volumes',
      'Provisioning success',
      'Running algorithm',
      'Publishing results',
      'Job completed',
      'job leaves',
    ]);
  });

  it('says once that a stop was asked for, however often it is said', async () => {
    const jobId = await start('sleep 60');
    await scene.until(jobId, 40);
    await scene.want(jobId, 'stopped');
    await scene.want(jobId, 'stopped');
    await scene.until(jobId, 'end');
    const lines = await linesOf(jobId);
    expect(lines.map(({ msg }) => msg).slice(4)).to.deep.equal([
      'an end of the job was asked for',
      'stopping the algorithm',
      'Publishing results',
      'Job stopped',
      'job leaves',
    ]);
  });

  it('says why a job failed, in the line of its ending', async () => {
    const jobId = await start('exit 3');
    const { details } = await scene.until(jobId, 'end');
    const last = (await linesOf(jobId)).at(-2);
    expect(last).to.deep.include({ msg: 'Algorithm failed', reason: details.termination?.reason, level: 'info' });
  });
});
