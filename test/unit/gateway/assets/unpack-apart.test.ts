import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { createUnpackApart } from '../../../../services/gateway/src/assets/unpack-apart.ts';
import { createVerdicts } from '../../../../services/gateway/src/assets/verdicts.ts';
import { PACKERS } from '../../../support/chain/records.ts';

const MAX_BYTES = 1_000_000;

describe('what strangers packed', () => {
  const unpack = createUnpackApart();
  const text = 'a'.repeat(990_000);

  for (const packer of Object.keys(PACKERS) as (keyof typeof PACKERS)[]) {
    it(`is unpacked while everything else goes on (${packer})`, async () => {
      const content = unpack(PACKERS[packer](text), MAX_BYTES);
      expect(await Promise.race([content.then(() => 'unpacked'), nextTurn('the loop')])).to.equal('the loop');
      expect((await content)?.toString()).to.equal(text);
    });

    it(`is nothing where it becomes too large, or was never packed (${packer})`, async () => {
      expect(await unpack(PACKERS[packer](text), 1_000)).to.equal(undefined);
      expect(await unpack(Buffer.from('nothing of the kind'), MAX_BYTES)).to.equal(undefined);
    });
  }
});

describe('the verdict on a record', () => {
  const aRecord = (text: string) => {
    const data = Buffer.from(text);
    return { blockNumber: 1, flags: 1, data, hash: createHash('sha256').update(data).digest('hex') };
  };
  const settled = (work: Promise<unknown>) => work.then(String, (error: unknown) => error);

  it('is looked for again only after ten minutes, or for another record', async () => {
    let nowMs = 0;
    let reads = 0;
    const verdicts = createVerdicts({ monotonicMs: () => nowMs });
    const look = (text: string, did = 'did:op:a') =>
      settled(
        verdicts.of(did, aRecord(text), async () => {
          reads += 1;
          throw new CapstanError('REFUSED', 'broken', { refusal: 'Asset malformed' });
        }),
      );
    for (const _ of [1, 2, 3]) expect(hasCode(await look('one'), 'REFUSED')).to.equal(true);
    expect(reads).to.equal(1);
    await look('two');
    await look('one', 'did:op:b');
    expect(reads).to.equal(3);
    nowMs = 600_001;
    await look('one');
    expect(reads).to.equal(4);
  });

  it('is none where the node could not look', async () => {
    const verdicts = createVerdicts({ monotonicMs: () => 0 });
    let reads = 0;
    const look = (answer: () => unknown) =>
      settled(
        verdicts.of('did:op:a', aRecord('one'), async () => {
          reads += 1;
          return answer();
        }),
      );
    await look(() => {
      throw new CapstanError('CHAIN_UNAVAILABLE', 'away');
    });
    expect(await look(() => 'text')).to.equal('text');
    expect(reads).to.equal(2);
  });
});
