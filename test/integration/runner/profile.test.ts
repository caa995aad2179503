import { expect } from 'chai';
import { uidOf } from '../../../services/runner/src/environments/limits.ts';
import { markOf, namesInEngine } from '../../support/runner/names-in-engine.ts';
import { deviations, inspectContainer } from '../../support/runner/profile.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

describe("a job's container", () => {
  let scene: Scene;
  before(async () => {
    scene = await startScene({
      further: {
        little: { memoryGB: 0.2, cpus: 0.5, pids: 50, jobUid: 20_002, tmpMB: 2 },
        slow: { memoryGB: 0.2, cpus: 0.5 },
        gpus: { gpus: ['0', '1'] },
      },
    });
  });
  after(() => scene[Symbol.asyncDispose]());

  it('is locked down, whatever the job says', async () => {
    const sh = { rawcode: 'sleep 600', container: { entrypoint: 'sh $ALGO' } };
    const jobId = await scene.start(sh, { at: 'little' });
    await scene.until(jobId, 40);
    const names = namesInEngine(scene.dataDir, jobId);
    const files = await inspectContainer(names.files);
    const algorithm = await inspectContainer(names.algorithm);
    if (!files || !algorithm) throw new Error('a container is missing');
    expect([...(await deviations(files)), ...(await deviations(algorithm))]).to.deep.equal([]);
    const { HostConfig, Config, Mounts } = algorithm;
    expect(HostConfig).to.include({ PidsLimit: 50, Memory: 200_000_000, NanoCpus: 500_000_000, DeviceRequests: null });
    expect(HostConfig['Tmpfs']).to.deep.equal({
      '/tmp': 'rw,exec,nosuid,nodev,size=2000000,uid=20002,gid=20002,mode=1777',
    });
    expect(HostConfig['ShmSize']).to.equal(100_000_000);
    expect(Config.User).to.equal('20002:20002');
    expect(Config.Labels).to.include({ 'capstan.job': jobId, 'capstan.run': '1', 'capstan.attempt': '1' });
    expect((Config.Env ?? []).map((line) => line.split('=')[0])).to.have.members([
      'PATH',
      'DIDS',
      'TRANSFORMATION_DID',
      'VOLUME',
      'INPUTS',
      'OUTPUTS',
      'LOGS',
      'ALGO',
      'HOME',
      'USER',
      'LOGNAME',
      'PYTHONUNBUFFERED',
      'TINI_KILL_PROCESS_GROUP',
      'secret',
      'NVIDIA_VISIBLE_DEVICES',
      'AMD_VISIBLE_DEVICES',
      'HABANA_VISIBLE_DEVICES',
    ]);
    const mounts = Mounts.map(({ Type, Destination, RW }) => `${Type} ${Destination} ${RW ? 'rw' : 'ro'}`);
    expect(mounts.toSorted()).to.deep.equal([
      'volume /data rw',
      'volume /data/inputs ro',
      'volume /data/logs rw',
      'volume /data/outputs rw',
      'volume /etc ro',
      'volume /scratch rw',
    ]);
    await scene.want(jobId, 'stopped');
    await scene.until(jobId, 'end');
  });

  it('can write its outputs, its logs, its scratch, beside its data and itself and /tmp, and nothing else', async () => {
    const paths = [
      '/data/outputs',
      '/data/logs',
      '/tmp',
      '/scratch',
      '/data',
      '/data/inputs',
      '/data/ddos',
      '/data/transformations',
      '/etc',
      '/',
      '/home/job',
    ];
    const rawcode = `id -u; for path in ${paths.join(' ')}; do touch $path/x 2>/dev/null && echo "$path"; done; rm /data/logs/x`;
    const jobId = await scene.start({ rawcode, container: { entrypoint: 'sh $ALGO' } });
    await scene.until(jobId, 'end');
    expect(await scene.text(jobId, 'algorithm.log')).to.match(
      /^\d{5}\n\/data\/outputs\n\/data\/logs\n\/tmp\n\/scratch\n\/data\n\/data\/transformations\n$/,
    );
  });

  it('runs as a user of its own, as a label of it says', async () => {
    const sh = { rawcode: 'while :; do sleep 1; done', container: { entrypoint: 'sh $ALGO' } };
    const jobs = await Promise.all([scene.start(sh), scene.start(sh)]);
    const users = await Promise.all(
      jobs.map(async (jobId) => {
        await scene.until(jobId, 40);
        const { Config } = (await inspectContainer(namesInEngine(scene.dataDir, jobId).algorithm)) ?? {};
        const { uid } = JSON.parse(Config?.Labels['capstan.grant'] ?? '{}') as { uid?: number };
        expect(Config?.User).to.equal(`${uid}:${uid}`);
        return { uid, expected: uidOf({ uid: 10_001, uids: 10_000 }, markOf(scene.dataDir), jobId) };
      }),
    );
    expect(users.map(({ uid }) => uid)).to.deep.equal(users.map(({ expected }) => expected));
    for (const jobId of jobs) {
      await scene.want(jobId, 'stopped');
      await scene.until(jobId, 'end');
    }
  });

  it('has no more than the job asked for', async () => {
    const sh = { rawcode: 'sleep 600', container: { entrypoint: 'sh $ALGO' } };
    const resources = { cpus: 0.25, ramGB: 0.1, maxDurationS: 1 };
    const jobId = await scene.start({ ...sh, resources }, { at: 'slow' });
    await scene.until(jobId, 40);
    const algorithm = await inspectContainer(namesInEngine(scene.dataDir, jobId).algorithm);
    expect(algorithm?.HostConfig).to.include({ Memory: 100_000_000, NanoCpus: 250_000_000 });
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(43);
    expect(details.termination?.reason).to.contain('longer than 1 second, what the job asked for');
  });

  it('gets the GPUs that it asks for, and where the engine has none the job says so; who asks for none gets none', async () => {
    const sh = { rawcode: 'echo done', container: { entrypoint: 'sh $ALGO' } };
    const asking = await scene.start({ ...sh, resources: { gpus: 1 } }, { at: 'gpus' });
    const { code, details } = await scene.until(asking, 'end');
    expect(code).to.equal(22);
    expect(details.termination?.reason).to.match(/could not give the job its GPUs: it has no driver for them\.$/);
    expect((await scene.until(await scene.start(sh, { at: 'gpus' }), 'end')).code).to.equal(70);
    const greedy = await scene.start({ ...sh, resources: { gpus: 3 } }, { at: 'gpus' });
    const refused = await scene.until(greedy, 'end');
    expect(refused.code).to.equal(22);
    expect(refused.details.termination?.reason).to.contain('asks for 3 GPUs, and');
  });
});
