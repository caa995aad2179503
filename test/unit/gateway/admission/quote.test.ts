import type { Did, EnvironmentId } from '@capstan/shared/contract/ids';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { systemClock } from '@capstan/shared/runtime/clock';
import { expect } from 'chai';
import { createInitialize } from '../../../../services/gateway/src/admission/quote.ts';

const DID = `did:op:${'1'.repeat(64)}` as Did;
const container = { image: 'node', tag: '24', entrypoint: 'node $ALGO', checksum: `sha256:${'a'.repeat(64)}` };

const dataset: Ddo = {
  id: DID,
  nftAddress: '0x1',
  chainId: 8996,
  version: '4.5.0',
  metadata: { type: 'dataset' },
  services: [
    { id: 'c', type: 'compute', files: '0xab', datatokenAddress: '0x1', compute: { allowRawAlgorithm: true } },
  ],
};

const asset = { documentId: DID, serviceId: 'c', transferTxId: '0x1' };
const consumerAddress = `0x${'1'.repeat(40)}`;

/** On a node with one environment, which is free. */
function quotesOf(environment: { readonly allowedChainId?: readonly number[] } = {}, seal = () => '0x') {
  const terms = { id: 'e' as EnvironmentId, priceMin: 0, feeToken: '0x0', orders: 'free', ...environment };
  const state = { environment: terms, isWithdrawn: false };
  return createInitialize({
    assets: { find: () => Promise.resolve({ ddo: dataset, origin: 'catalogue' }) },
    trustWithoutChecksums: false,
    runners: { environment: () => state, environments: () => [state] },
    orders: {},
    quotes: { fee: () => Promise.resolve({}) },
    fileChecks: {},
    clock: systemClock,
    seal,
  } as unknown as Parameters<typeof createInitialize>[0]);
}

const request = (datasets: (typeof asset)[], userdata: Record<string, unknown> = {}) => ({
  datasets,
  algorithm: { meta: { url: 'https://example.com/algorithm', container }, userdata },
  compute: { env: 'e', validUntil: 99_999_999_999 },
  consumerAddress,
});

describe('a quote', () => {
  it('seals nothing, however many parameters it is asked with', async () => {
    let seals = 0;
    const initialize = quotesOf({}, () => {
      seals += 1;
      return '0x';
    });
    const many = Array.from({ length: 33 }, () => ({ ...asset, userdata: { city: 'Bern' } }));
    const { datasets } = await initialize.compute(request(many, { depth: 3 }), '192.0.2.0/24');
    expect(datasets).to.have.length(33);
    expect(seals).to.equal(0);
  });

  it('is given for assets of the chains only that the environment serves', async () => {
    const own = quotesOf({ allowedChainId: [8996] });
    const { datasets } = await own.compute(request([asset]), '192.0.2.0/24');
    expect(datasets).to.have.length(1);
    const other = quotesOf({ allowedChainId: [1, 137] });
    const query = { ...asset, environment: 'e', consumerAddress, validUntil: '99999999999' };
    for (const refused of [other.compute(request([asset]), '192.0.2.0/24'), other.one(query)]) {
      const error: unknown = await refused.catch((caught: unknown) => caught);
      expect(error).to.have.property('code', 'REFUSED');
      expect(error).to.have.nested.property('facts.refusal', 'Compute environment does not exist');
      expect(error).to.have.property('message').that.contains('these chains only: 1, 137').and.contains('chain 8996');
    }
  });
});
