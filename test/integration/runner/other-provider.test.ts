import { createHash } from 'node:crypto';
import { publicKeyOf } from '@capstan/shared/crypto/seal';
import { expect } from 'chai';
import { computeAddress } from 'ethers';
import { startOtherProvider } from '../../support/other-provider.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';
import { ORDER } from '../../support/runner/spec.ts';

/** Leaves the texts of all inputs and of the algorithm's files. */
const LOOK = `
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const below = (dir) => readdirSync(dir, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => [entry.name, readFileSync(entry.parentPath + '/' + entry.name, 'utf8')]);
writeFileSync('/data/outputs/seen.json', JSON.stringify({
  inputs: Object.fromEntries(below('/data/inputs')),
  algorithm: Object.fromEntries(below('/data/transformations')),
}));
`;
/** What every job finds beside its datasets. */
const CUSTOM = { 'algoCustomData.json': '{}' };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('files that another provider holds', () => {
  let scene: Scene;
  let consumer: string;
  before(async () => {
    scene = await startScene({
      variables: {
        CAPSTAN_GATEWAY_PUBLIC_URL: 'https://node.example',
        CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        CAPSTAN_RUNNER_FETCH_MAX_FILE_GB: '0.001',
      },
    });
    consumer = computeAddress(`0x${publicKeyOf(scene.key)}`);
  });
  after(() => scene[Symbol.asyncDispose]());

  type Seen = Readonly<Record<'inputs' | 'algorithm', Readonly<Record<string, string>>>>;
  const seenBy = async (jobId: Parameters<Scene['text']>[0]) =>
    JSON.parse(await scene.text(jobId, 'seen.json')) as Seen;
  const outcome = async (jobId: Parameters<Scene['text']>[0]) => {
    const { code, details } = await scene.until(jobId, 'end');
    return { code, reason: details.termination?.reason ?? '' };
  };
  const heldAt = (serviceEndpoint: string) => ({ files: [], serviceEndpoint });

  for (const absent of [404, 400]) {
    it(`are asked for one after the other, signed by this node, until it says ${absent}`, async () => {
      await using provider = await startOtherProvider({ files: ['zero', '', 'two'], consumer, order: ORDER, absent });
      const jobId = await scene.start({
        rawcode: LOOK,
        datasets: [{ ...heldAt(`${provider.url}/`), userdata: { city: 'Bern' } }],
      });
      expect(await outcome(jobId)).to.include({ code: 70 });
      expect((await seenBy(jobId)).inputs).to.deep.equal({ '0': 'zero', '1': '', '2': 'two', ...CUSTOM });
      const nonces = provider.requests().map((query) => Number(query.get('nonce')));
      expect(nonces).to.deep.equal([...new Set(nonces)].toSorted((a, b) => a - b));
      expect(provider.requests().map((query) => query.get('fileIndex'))).to.include.members(['0', '1', '2', '3']);
      expect(provider.requests()[0]?.get('userdata')).to.equal('{"city":"Bern"}');
    });
  }

  it('are as many as it says, if it says so', async () => {
    const holding = { files: ['zero', 'one'], consumer, order: ORDER, saysHowMany: true, absent: 500 };
    await using provider = await startOtherProvider(holding);
    const jobId = await scene.start({ rawcode: LOOK, datasets: [heldAt(provider.url)] });
    expect(await outcome(jobId)).to.include({ code: 70 });
    expect((await seenBy(jobId)).inputs).to.deep.equal({ '0': 'zero', '1': 'one', ...CUSTOM });
    expect(provider.requests()).to.have.length(2);
    expect(provider.counted()).to.equal(1);
  });

  it('are asked for again when another request has overtaken theirs', async () => {
    const holding = { files: ['zero'], consumer, order: ORDER, saysHowMany: true, refusals: 1 };
    await using provider = await startOtherProvider(holding);
    const jobId = await scene.start({ rawcode: LOOK, datasets: [heldAt(provider.url)] });
    expect(await outcome(jobId)).to.include({ code: 70 });
    expect(provider.requests()).to.have.length(2);
  });

  it('may be those of the algorithm, trusted by what was downloaded', async () => {
    await using provider = await startOtherProvider({ files: [LOOK, 'helper'], consumer, order: ORDER });
    const start = (checksum: string) =>
      scene.start({ algorithm: { ...heldAt(provider.url), trustedFilesChecksums: [[checksum]] } });
    const good = await start(sha256(LOOK) + sha256('helper'));
    expect(await outcome(good)).to.include({ code: 70 });
    expect((await seenBy(good)).algorithm).to.deep.equal({ algorithm: LOOK, '1': 'helper' });
    const bad = await outcome(await start(sha256(LOOK)));
    expect(bad.code).to.equal(32);
    expect(bad.reason).to.contain('algorithm_file_checksum_mismatch');
  });

  it('that it does not hand out end the job, which says so', async () => {
    await using provider = await startOtherProvider({ files: ['zero'], consumer, order: 'another order' });
    const { code, reason } = await outcome(await scene.start({ rawcode: LOOK, datasets: [heldAt(provider.url)] }));
    expect(code).to.equal(31);
    expect(reason).to.match(
      /^File 0 of the dataset did:op:[0-9a-f]{64} could not be fetched: its server answered 400\.$/,
    );
  });

  it('are under the same limits as any other', async () => {
    const files = ['x'.repeat(1_100_000)];
    await using provider = await startOtherProvider({ files, consumer, order: ORDER });
    const large = await outcome(await scene.start({ rawcode: LOOK, datasets: [heldAt(provider.url)] }));
    expect(large.code).to.equal(31);
    expect(large.reason).to.contain('larger than 0.001 GB');
    const endpoint = 'http://169.254.169.254';
    const inside = await outcome(await scene.start({ rawcode: LOOK, datasets: [heldAt(endpoint)] }));
    expect(inside.reason).to.contain('has no public address');
  });

  it('of the catalogue are not for descriptions that somebody published', async () => {
    const files = [{ type: 'catalogue', path: 'secret' }] as const;
    const datasets = [{ files: [...files], origin: 'store' as const }];
    const { code, reason } = await outcome(await scene.start({ rawcode: LOOK, datasets }));
    expect(code).to.equal(31);
    expect(reason).to.contain('it names a file that this node keeps');
  });
});
