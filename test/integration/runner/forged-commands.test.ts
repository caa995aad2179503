/** What a runner makes of commands that no gateway of ours would send: as if anybody could speak on the bus. */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobSpec } from '@capstan/shared/contract/job';
import { newJobId, startScene, type Scene } from '../../support/runner/scene.ts';
import { specOf, type SpecParts } from '../../support/runner/spec.ts';

const PROGRAM = 'echo ran; cat /proc/self/status | grep Cap; ls /sys/class/net';
const HONEST: SpecParts = { rawcode: PROGRAM, container: { entrypoint: 'sh $ALGO' } };

interface Parts {
  readonly v?: unknown;
  readonly jobId?: unknown;
  readonly run?: unknown;
  readonly lastStart?: unknown;
  readonly spec?: unknown;
}
/** From an honest specification to the forged parts of a command. */
type Forge = (spec: JobSpec, build: (parts: SpecParts) => JobSpec) => Parts;

const url = (address: string): SpecParts => ({ ...HONEST, datasets: [{ files: [{ type: 'url', url: address }] }] });
const image =
  (container: NonNullable<SpecParts['container']>): Forge =>
  (_spec, build) => ({
    spec: build({ ...HONEST, container: { entrypoint: 'sh $ALGO', tag: '1', ...container } }),
  });
const built =
  (parts: SpecParts): Forge =>
  (_spec, build) => ({ spec: build({ ...HONEST, ...parts }) });
const changed =
  (change: (spec: JobSpec) => object): Forge =>
  (spec) => ({ spec: { ...spec, ...change(spec) } });
const dataset = (change: object): Forge =>
  changed(({ datasets }) => ({ datasets: datasets.map((one) => ({ ...one, ...change })) }));

/** It ends, without its algorithm, with one of these codes. */
const REFUSED: Readonly<Record<string, readonly [Forge, ...number[]]>> = {
  'a version that nobody knows': [() => ({ v: 2 }), 22],
  'a start after one that never was': [() => ({ lastStart: -1 }), 22],
  'a start after one that no number holds': [() => ({ lastStart: 1e300 }), 22],
  'no specification': [() => ({ spec: null }), 22],
  'an environment of somebody else': [changed(() => ({ environment: 'another' })), 22],
  'an environment that is a path': [changed(() => ({ environment: '../../etc' })), 22],
  'an owner that is no address': [changed(() => ({ owner: 'root' })), 22],
  'no dataset': [changed(() => ({ datasets: [] })), 22],
  'too many datasets': [changed(({ datasets }) => ({ datasets: Array(101).fill(datasets[0]) })), 22],
  'an order of endless length': [dataset({ transferTxId: 'a'.repeat(20_000) }), 22],
  'a service that is not there': [dataset({ serviceId: 'another' }), 22, 31],
  'parameters that nobody sealed': [dataset({ sealedUserdata: '0x00' }), 31],
  'a description of another NFT': [built({ datasets: [{ files: [], isCopy: true, origin: 'store' }] }), 31],
  'files of another asset': [
    built({ datasets: [{ files: [{ type: 'url', url: 'http://a.invalid' }], isForeign: true }] }),
    31,
  ],
  'a file of the machine': [built(url('file:///etc/passwd')), 31],
  'a source on the machine': [built(url('http://127.0.0.1:2375/info')), 31],
  'a source in its network': [built(url('http://169.254.169.254/latest')), 31],
  'a file of a kind that nobody knows': [
    built({ datasets: [{ files: [{ type: 'nfs', path: '/' } as unknown as AssetFile] }] }),
    31,
  ],
  'an image by an id of the machine': [image({ image: `sha256:${'ab'.repeat(32)}` }), 11],
  'an image of the node itself': [image({ image: 'localhost/capstan/egress' }), 11],
  'an image of a registry inside': [image({ image: '10.0.0.1:5000/a' }), 11],
  'an image that is an address': [image({ image: 'http://10.0.0.1/a' }), 11],
  'an image of endless name': [image({ image: 'a'.repeat(100_000) }), 22],
  'an image with a digest that is none': [image({ image: 'docker.io/a/b', checksum: 'sha256:12' }), 11],
  'a command line of endless length': [image({ entrypoint: 'a '.repeat(20_000) }), 22],
  'more processors than there are numbers': [built({ resources: { cpus: 1e300 } }), 22],
  'less than no memory': [built({ resources: { ramGB: -1 } }), 22],
  'a GPU that nobody has': [built({ resources: { gpus: 1 } }), 22],
  'half a GPU': [built({ resources: { gpus: 0.5 } }), 22],
  'a key that is no text of one': [built({ output: { encryptTo: 'x' } }), 22],
  'a key that is no point of the curve': [built({ output: { encryptTo: `02${'ff'.repeat(32)}` } }), 22],
  'an algorithm of a kind that nobody knows': [changed(() => ({ algorithm: { kind: 'shell', rawcode: 'id' } })), 22],
  'an algorithm that nobody sealed': [
    changed(({ algorithm: { container } }) => ({ algorithm: { kind: 'sealed', sealedFiles: '0xff', container } })),
    32,
  ],
};

/** It runs, with what the environment gives and nothing more. */
const CLIPPED: Readonly<Record<string, Forge>> = {
  'all processors and memory': built({ resources: { cpus: 99_999, ramGB: 999_999, diskGB: 999_999_999 } }),
  'time without end': changed(() => ({ maxDurationS: 2 ** 52 })),
  'a network where there is none': built({ networkAccess: true }),
  'settings of the engine': changed(({ algorithm }) => ({
    privileged: true,
    mounts: [{ source: '/', target: '/host' }],
    binds: ['/:/host'],
    env: { LD_PRELOAD: '/data/outputs/x.so' },
    user: '0:0',
    gpus: ['all'],
    hostConfig: { Privileged: true, PidMode: 'host', NetworkMode: 'host' },
    algorithm: { ...algorithm, container: { ...algorithm.container, privileged: true, user: 'root' } },
  })),
};

/** Nobody can be told of it. */
const UNANSWERABLE: Readonly<Record<string, unknown>> = {
  'no object': 'start everything',
  'a list': [1, 2, 3],
  nothing: null,
  'a job that is a path': { v: 1, jobId: '../../../etc', run: 1 },
  'a job that is a list': { v: 1, jobId: ['a'], run: 1 },
  'no run': { v: 1, jobId: 'ab'.repeat(16), run: 0 },
  'half a run': { v: 1, jobId: 'ab'.repeat(16), run: 1.5 },
  'a run that no number holds': { v: 1, jobId: 'ab'.repeat(16), run: 1e300 },
  'a run in words': { v: 1, jobId: 'ab'.repeat(16), run: '1' },
  'more levels than anybody reads': nested(1_000),
};

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

describe('a forged command', () => {
  let scene: Scene;
  let bystander: JobId;

  before(async () => {
    scene = await startScene({ limits: { maxJobs: 8, cpus: 1, memoryGB: 0.2, diskGB: 0.1, networkAccess: false } });
    bystander = await scene.start({ rawcode: 'while :; do sleep 1; done', container: { entrypoint: 'sh $ALGO' } });
    await scene.until(bystander, 40);
  });
  after(() => scene[Symbol.asyncDispose]());

  const build = (parts: SpecParts) => specOf(parts, { environment: scene.environment, key: scene.key });
  const send = async (forge: Forge) => {
    const jobId = newJobId();
    await scene.sendRaw({ v: 1, jobId, run: 1, spec: build(HONEST), ...forge(build(HONEST), build) });
    return jobId;
  };

  it('is refused with a reason of few words, whatever is wrong with it', async () => {
    const sent = [];
    for (const [name, [forge, ...codes]] of Object.entries(REFUSED))
      sent.push({ name, codes, jobId: await send(forge) });
    for (const { name, codes, jobId } of sent) {
      const { code, details } = await scene.until(jobId, 'end');
      const reason = details.termination?.reason ?? '';
      expect(codes, `${name}: ${code} ${reason}`).to.include(code);
      expect(scene.codes(jobId), name).not.to.include(40);
      expect(reason.length, name).to.be.within(10, 3_000);
    }
  });

  it('gets no more than the environment gives', async () => {
    for (const [name, forge] of Object.entries(CLIPPED)) {
      const jobId = await send(forge);
      const { code, details } = await scene.until(jobId, 'end');
      expect(code, `${name}: ${details.termination?.reason}`).to.equal(70);
      const log = await scene.text(jobId, 'algorithm.log');
      expect(log, name).to.match(/^ran\n/);
      expect(log, name).to.match(/CapEff:\t0+\n/);
      expect(log, name).to.match(/\nlo\n$/);
    }
  });

  it('that nobody can be told of is put aside, and does not come again', async () => {
    for (const body of Object.values(UNANSWERABLE)) await scene.sendRaw(body);
    const last = await scene.start({ rawcode: 'true', container: { entrypoint: 'sh $ALGO' } });
    expect((await scene.until(last, 'end')).code).to.equal(70);
    const refusals = scene
      .runner()
      .lastLines(2_000)
      .filter((line) => line.includes('a command can not be carried out'));
    expect(refusals.length).to.be.at.least(Object.keys(UNANSWERABLE).length);
  });

  it('says nothing under the name of a run that is in hand', async () => {
    await scene.sendRaw({
      v: 1,
      jobId: bystander,
      run: 1,
      spec: { ...build(HONEST), environment: randomBytes(4).toString('hex') },
    });
    await scene.sendRaw({ v: 2, jobId: bystander, run: 1 });
    const last = await scene.start({ rawcode: 'true', container: { entrypoint: 'sh $ALGO' } });
    expect((await scene.until(last, 'end')).code).to.equal(70);
    expect(scene.codes(bystander).at(-1)).to.equal(40);
  });

  it('leaves other jobs alone', async () => {
    await scene.want(bystander, 'stopped');
    expect((await scene.until(bystander, 'end')).code).to.equal(7);
  });
});
