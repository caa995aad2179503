import { expect } from 'chai';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { startScene } from '../../support/runner/scene.ts';

interface Inspected {
  readonly Config: { readonly User: string; readonly Image: string; readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly { readonly Type: string; readonly Destination: string; readonly RW: boolean }[];
}

describe("a job's container", () => {
  it('is locked down, whatever the job says', async () => {
    await using scene = await startScene({ limits: { memoryGB: 0.2, cpus: 0.5, pids: 50 } });
    const jobId = await scene.start({ rawcode: 'sleep 600', container: { entrypoint: 'sh $ALGO' } });
    await scene.until(jobId, 40);
    const { body } = await askEngine('GET', `/containers/capstan-${jobId}-1-1/json`);
    const { Config, HostConfig, Mounts } = JSON.parse(body) as Inspected;
    expect(HostConfig).to.deep.include({
      CapDrop: ['ALL'],
      CapAdd: null,
      Privileged: false,
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      NetworkMode: 'none',
      IpcMode: 'private',
      PidMode: '',
      UTSMode: '',
      UsernsMode: '',
      PidsLimit: 50,
      Memory: 200_000_000,
      MemorySwap: 200_000_000,
      NanoCpus: 500_000_000,
      Binds: null,
      DeviceRequests: null,
      RestartPolicy: { Name: '', MaximumRetryCount: 0 },
      AutoRemove: false,
      PublishAllPorts: false,
    });
    expect(HostConfig['Devices'] ?? []).to.deep.equal([]);
    expect(HostConfig['PortBindings'] ?? {}).to.deep.equal({});
    expect(HostConfig['Tmpfs']).to.have.all.keys('/tmp');
    expect(HostConfig['Ulimits']).to.deep.include({ Name: 'core', Hard: 0, Soft: 0 });
    expect(HostConfig['LogConfig']).to.have.nested.property('Type', 'local');
    expect(Config.User).to.equal('10001:10001');
    expect(Config.Labels).to.include({ 'capstan.job': jobId, 'capstan.run': '1', 'capstan.attempt': '1' });
    const mounts = Mounts.map(({ Type, Destination, RW }) => `${Type} ${Destination} ${RW ? 'rw' : 'ro'}`);
    expect(mounts.toSorted()).to.deep.equal(['volume /data ro', 'volume /data/logs rw', 'volume /data/outputs rw']);
    await scene.want(jobId, 'stopped');
    await scene.until(jobId, 'end');
  });

  it('can write its outputs, its logs and /tmp, and nothing else', async () => {
    await using scene = await startScene();
    const paths = [
      '/data/outputs',
      '/data/logs',
      '/tmp',
      '/data',
      '/data/inputs',
      '/data/transformations',
      '/',
      '/home/job',
    ];
    const rawcode = `id -u; for path in ${paths.join(' ')}; do touch $path/x 2>/dev/null && echo "$path"; done; rm /data/logs/x`;
    const jobId = await scene.start({ rawcode, container: { entrypoint: 'sh $ALGO' } });
    await scene.until(jobId, 'end');
    expect(await scene.text(jobId, 'algorithm.log')).to.equal('10001\n/data/outputs\n/data/logs\n/tmp\n');
  });
});
