import { expect } from 'chai';
import type { StatusObject } from '@capstan/shared/contract/api';
import { namesInEngine } from '../support/runner/names-in-engine.ts';
import { subscribe, type Subscription } from '../../scripts/parts/subscription.ts';
import { COMPUTE, createCaller, type Caller } from '../support/gateway/caller.ts';
import { NODE_CONTAINER, startTestNode, type TestNode } from '../support/node.ts';
import { deviations, inspectContainer } from '../support/runner/profile.ts';
import { untilFirstOutput } from '../support/runner/first-output.ts';

const SH = { ...NODE_CONTAINER, entrypoint: 'sh $ALGO' };

describe('a hostile job', () => {
  let node: TestNode;
  let caller: Caller;
  let live: Subscription;
  before(async () => {
    node = await startTestNode({
      limits: { maxJobs: 2, pids: 64, memoryGB: 0.1, networkAccess: true },
      variables: { CAPSTAN_RUNNER_STOP_GRACE_S: '0' },
    });
    caller = createCaller(() => node.url);
    live = await subscribe(node.url, { consumerAddress: caller.address });
  });
  after(async () => {
    await live.close();
    await node[Symbol.asyncDispose]();
  });

  const reaches = (jobId: string, status: number) =>
    live.until((event) => event.jobId === jobId && event.status === status, `status ${status}`);
  const logOf = async (job: StatusObject) => {
    const index = job.results.find(({ filename }) => filename === 'algorithm.log')?.index ?? -1;
    return (await caller.result(job.jobId, index)).text;
  };

  it('that asks for privileges gets none: no field of the API reaches its container', async () => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    const wishes = {
      privileged: true,
      Privileged: true,
      user: 'root',
      User: '0:0',
      network: 'host',
      NetworkMode: 'host',
      networkAccess: true,
      pid: 'host',
      ipc: 'host',
      capAdd: ['ALL'],
      CapAdd: ['SYS_ADMIN'],
      securityOpt: ['seccomp=unconfined'],
      devices: ['/dev/mem'],
      Devices: [{ PathOnHost: '/dev/mem', PathInContainer: '/dev/mem', CgroupPermissions: 'rwm' }],
      binds: ['/:/host', '/var/run/docker.sock:/var/run/docker.sock'],
      Binds: ['/:/host'],
      volumes: ['/:/host'],
      mounts: [{ Type: 'bind', Source: '/', Target: '/host' }],
      env: { LD_PRELOAD: '/data/outputs/x.so' },
      Env: ['HTTP_PROXY=http://127.0.0.1:1'],
      labels: { 'capstan.job': 'another' },
      runtime: 'runc',
      cgroupParent: '/',
      pidsLimit: -1,
      memory: 0,
      cpus: 64,
      Entrypoint: ['/bin/sh'],
    };
    const everywhere = { ...wishes, hostConfig: wishes, HostConfig: wishes, container: wishes };
    const order = node.rawOrderOf(dataset, 'id -u; id -g; ls /; ls /dev; echo; sleep 600', {
      ...everywhere,
      ...SH,
    });
    const body = await caller.startBody(order);
    const answer = await caller.call('POST', COMPUTE, {
      body: {
        ...everywhere,
        ...body,
        dataset: { ...everywhere, ...order.dataset },
        algorithm: { ...everywhere, ...order.algorithm },
        resources: { cpus: 0.1 },
      },
    });
    // What a job asks of its environment is read to the letter: what is unknown there is refused, and not passed over.
    const more = await caller.startBody(order);
    const refused = await caller.call('POST', COMPUTE, { body: { ...more, resources: { ...everywhere, cpus: 0.1 } } });
    expect(refused.status).to.equal(400);
    expect((refused.json() as { errors: object }).errors).to.include.keys('resources.privileged');
    const [job] = answer.jobs();
    if (!job) throw new Error('the job was not taken');
    await reaches(job.jobId, 40);
    await untilFirstOutput(job.jobId);
    const names = namesInEngine(node.dataDir, job.jobId);
    const algorithm = await inspectContainer(names.algorithm);
    if (!algorithm) throw new Error('there is no container');
    expect(await deviations(algorithm)).to.deep.equal([]);
    expect(algorithm.HostConfig).to.include({ NetworkMode: 'none', PidsLimit: 64, Memory: 1e8, NanoCpus: 1e8 });
    expect(algorithm.Mounts.map(({ Destination }) => Destination).toSorted()).to.deep.equal([
      '/data',
      '/data/inputs',
      '/data/logs',
      '/data/outputs',
      '/etc',
      '/scratch',
    ]);
    // Those that it has of us, and none of those that it asked for.
    expect((algorithm.Config.Env ?? []).map((line) => line.split('=')[0])).to.have.members([
      'PATH',
      'DIDS',
      'TRANSFORMATION_DID',
      'ALGO',
      'secret',
      'INPUTS',
      'OUTPUTS',
      'LOGS',
      'VOLUME',
      'HOME',
      'USER',
      'LOGNAME',
      'PYTHONUNBUFFERED',
      'TINI_KILL_PROCESS_GROUP',
      'NVIDIA_VISIBLE_DEVICES',
      'AMD_VISIBLE_DEVICES',
      'HABANA_VISIBLE_DEVICES',
    ]);
    expect(algorithm.Config.Labels['capstan.job']).to.equal(job.jobId);
    await caller.stop({ jobId: job.jobId });
    const { job: ended } = await live.ended(job.jobId);
    expect(await logOf(ended))
      .to.match(/^(\d{5})\n\1\n/)
      .and.not.match(/host|mem\n/);
  });

  it('that multiplies hits its limit of processes; the node answers, others run, and a stop works', async () => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    const bomb = `
      const { spawn } = require('node:child_process');
      const more = () => spawn('sleep', ['600']).on('error', ({ code }) => console.log(code));
      setInterval(() => { for (let i = 0; i < 20; i += 1) more(); }, 20);`;
    const { jobId } = await caller.job(node.rawOrderOf(dataset, bomb));
    await reaches(jobId, 40);
    // Its first word is that it can have no more.
    await untilFirstOutput(jobId);
    const other = await caller.job(node.rawOrderOf(dataset, 'echo fine', SH));
    expect((await live.ended(other.jobId)).status).to.equal(70);
    expect((await caller.call('GET', '/health')).status).to.equal(200);
    const [stopped] = (await caller.stop({ jobId })).jobs();
    expect(stopped).to.include({ jobId, status: 7 });
    expect(await logOf((await live.ended(jobId)).job)).to.match(/^EAGAIN\n/);
  });

  it('that eats memory is killed, with the limit named; the one beside it goes on', async () => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    const beside = await caller.job(node.rawOrderOf(dataset, 'sleep 3; echo fine', SH));
    await reaches(beside.jobId, 40);
    const hog = await caller.job(node.rawOrderOf(dataset, 'const all = []; for (;;) all.push(Buffer.alloc(1e6, 1));'));
    const { job } = await live.ended(hog.jobId);
    expect(job.status).to.equal(41);
    expect(job.terminationDetails).to.include({ OOMKilled: true });
    expect(job.terminationDetails?.reason).to.contain('more memory than 0.1 GB, the limit of this environment');
    expect((await live.ended(beside.jobId)).status).to.equal(70);
  });

  it('has a network only if every one of its datasets allows it', async () => {
    const open = await node.addDataset({ isRawAllowed: true, isNetworkAllowed: true });
    const closed = await node.addDataset({ isRawAllowed: true });
    const probe = `require('node:http').get({ host: '127.0.0.1', port: 3128, path: 'http://127.0.0.1/' }, (a) => console.log(a.statusCode)).on('error', (e) => console.log(e.code));`;
    const order = node.rawOrderOf(open, probe);
    const withBoth = { ...order, additionalDatasets: [node.rawOrderOf(closed, probe).dataset] };
    const said = async (asked: typeof order) => logOf((await live.ended((await caller.job(asked)).jobId)).job);
    expect(await said(order)).to.equal('403\n');
    expect(await said(withBoth)).to.equal('ECONNREFUSED\n');
  });
});
