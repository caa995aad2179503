import { createHash } from 'node:crypto';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { Did } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { accessRefusal } from '../../../../services/gateway/src/assets/access.ts';
import { parsePublished } from '../../../../services/gateway/src/assets/published.ts';

/** Of the NFT of `anAsset`, in the rule's own words: with its checksum, and the chain after it. */
const NFT = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
const DID = `did:op:${createHash('sha256').update(`${NFT}8996`).digest('hex')}` as Did;
const CONSUMER = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
const OTHER = `0x${'1'.repeat(40)}`;

const anAsset = (changes: Partial<Ddo> = {}): Ddo => ({
  id: DID,
  nftAddress: NFT,
  chainId: 8996,
  version: '4.5.0',
  metadata: { type: 'dataset' },
  services: [],
  ...changes,
});
const addresses = (...values: unknown[]) => [{ type: 'address', values }];
const refusalWith = (credentials: Ddo['credentials']) =>
  accessRefusal(anAsset(credentials === undefined ? {} : { credentials }), CONSUMER);

describe('the state of an asset', () => {
  it('lets only active ones be used', () => {
    expect(accessRefusal(anAsset(), CONSUMER)).to.equal(undefined);
    expect(accessRefusal(anAsset({ nft: {} }), CONSUMER)).to.equal(undefined);
    expect(accessRefusal(anAsset({ nft: { state: 0 } }), CONSUMER)).to.equal(undefined);
    for (const state of [1, 2, 3, 4, 6, 99, -1]) {
      expect(accessRefusal(anAsset({ nft: { state } }), CONSUMER), String(state)).to.equal('asset_disabled');
      const indexed = anAsset({ nft: { state: 0 }, indexedMetadata: { nft: { state } } });
      expect(accessRefusal(indexed, CONSUMER), `indexed ${state}`).to.equal('asset_disabled');
    }
  });

  it('lets unlisted ones be used: they are only not shown', () => {
    expect(accessRefusal(anAsset({ nft: { state: 5 } }), CONSUMER)).to.equal(undefined);
    expect(accessRefusal(anAsset({ indexedMetadata: { nft: { state: 5 } } }), CONSUMER)).to.equal(undefined);
  });
});

describe('credentials', () => {
  it('that name nobody restrict nobody', () => {
    for (const credentials of [
      undefined,
      null,
      {},
      { allow: null, deny: null },
      { allow: [], deny: [] },
      { allow: addresses(), deny: addresses() },
      { allow: [{ type: 'address' }] },
    ]) {
      expect(refusalWith(credentials), JSON.stringify(credentials)).to.equal(undefined);
    }
  });

  it('allow those whom they list, in whatever letter case', () => {
    expect(refusalWith({ allow: addresses(OTHER, CONSUMER.toLowerCase()) })).to.equal(undefined);
    expect(refusalWith({ allow: addresses(OTHER) })).to.equal('credential_not_in_allow_list');
  });

  it('deny those whom they list, also if they are allowed', () => {
    expect(refusalWith({ deny: addresses(CONSUMER.toUpperCase().replace('0X', '0x')) })).to.equal(
      'credential_in_deny_list',
    );
    expect(refusalWith({ deny: addresses(OTHER) })).to.equal(undefined);
    expect(refusalWith({ allow: addresses(CONSUMER), deny: addresses(CONSUMER) })).to.equal('credential_in_deny_list');
  });

  it('of a kind that this node can not check let nobody pass', () => {
    expect(refusalWith({ allow: [{ type: 'verifiableCredential', values: [{ issuer: 'x' }] }] })).to.equal(
      'credential_not_in_allow_list',
    );
    expect(refusalWith({ allow: [{ type: 'other', values: [CONSUMER] }] })).to.equal('credential_not_in_allow_list');
  });
});

describe('a published description', () => {
  const refusal = (value: unknown) => {
    try {
      parsePublished(typeof value === 'string' ? value : JSON.stringify(value), DID);
    } catch (error) {
      if (error instanceof CapstanError) return [error.facts.refusal, error.message];
      throw error;
    }
    return undefined;
  };

  it('is taken with all that it holds', () => {
    const ddo = { ...anAsset(), '@context': ['https://w3id.org/did/v1'], event: { block: 1 } };
    expect(parsePublished(JSON.stringify(ddo), DID)).to.deep.equal(ddo);
  });

  it('that stands under another DID than that of its NFT and chain is a copy', () => {
    expect(refusal({ ...anAsset(), nftAddress: NFT.toLowerCase() }), 'letter case').to.equal(undefined);
    for (const copy of [
      { nftAddress: OTHER },
      { nftAddress: '0x1' },
      { nftAddress: '' },
      { chainId: 1 },
      { chainId: 8996.5 },
    ])
      expect(refusal({ ...anAsset(), ...copy })?.[1], JSON.stringify(copy)).to.contain('may be a copy');
  });

  it('that a store has emptied, because its asset is not active any more, still says so', () => {
    for (const rest of [
      { id: DID, nft: { state: 3 } },
      { id: DID, nft: { state: 3, owner: OTHER }, services: [] },
    ]) {
      expect(accessRefusal(parsePublished(JSON.stringify(rest), DID), CONSUMER)).to.equal('asset_disabled');
    }
  });

  it('that is none is refused, with what is wrong with it', () => {
    expect(refusal('<html>')).to.deep.equal([
      'Asset malformed',
      "The asset's published description can not be used. It is no JSON.",
    ]);
    expect(refusal(anAsset({ id: `did:op:${'2'.repeat(64)}` as Did }))?.[1]).to.contain('another DID');
    expect(refusal({ ...anAsset(), services: 'none' })?.[1]).to.contain('services field');
    expect(refusal({ ...anAsset(), metadata: {} })?.[1]).to.contain('metadata.type');
    expect(refusal({ id: DID, nft: { state: 0 } })?.[1]).to.contain('metadata');
    expect(refusal({ id: `did:op:${'2'.repeat(64)}`, nft: { state: 3 } })?.[0]).to.equal('Asset malformed');
  });
});
