import type { Container, Ddo, Service } from '@capstan/shared/contract/ddo';
import { expect } from 'chai';
import {
  containerSectionChecksum,
  trustPublished,
  trustRaw,
  unsettledEntries,
  type TrustVerdict,
} from '../../../../services/gateway/src/assets/trust.ts';
import { aService, anAsset, container, didOf, OWNER } from '../../../support/descriptions/small.ts';

type Entry = NonNullable<NonNullable<Service['compute']>['publisherTrustedAlgorithms']>[number];

/** A service that computes under these conditions, or names none. */
const computing = (compute: Service['compute']) => aService(compute === undefined ? {} : { compute });

describe('trust', () => {
  const algorithm = anAsset('a', 'algorithm', { nft: { owner: OWNER } });
  const checksum = containerSectionChecksum(container);
  const trusting = (
    compute: Service['compute'],
    more: { container?: Container; trustWithoutChecksums?: boolean } = {},
  ) => trustPublished(computing(compute), { algorithm, container, trustWithoutChecksums: false, ...more });
  const codeOf = (verdict: TrustVerdict) => (verdict.kind === 'refused' ? verdict.code : verdict.kind);
  const any = { kind: 'trusted', filesChecksums: [] };
  const files = 'ab'.repeat(32);
  const entry = (changes: Partial<Entry> = {}): Entry => ({
    did: algorithm.id,
    filesChecksum: files,
    containerSectionChecksum: checksum,
    ...changes,
  });
  const listed = (...entries: readonly Entry[]) => ({ publisherTrustedAlgorithms: [...entries] });

  it('in raw code must be given', () => {
    expect(trustRaw(aService({ compute: { allowRawAlgorithm: true } }))).to.deep.equal(any);
    for (const compute of [undefined, {}, { allowRawAlgorithm: false }]) {
      expect(trustRaw(computing(compute))).to.deep.equal({ kind: 'refused', code: 'no_raw_algo_allowed' });
    }
  });

  it('is in whom the lists name: none that is there means any, one that is empty nobody', () => {
    const mine = [OWNER];
    const others = [`0x${'1'.repeat(40)}`];
    const ok = 'trusted';
    const no = 'not_trusted_algo';
    const notThePublisher = 'not_trusted_algo_publisher';
    const cases: readonly (readonly [Entry[] | null | undefined, string[] | null | undefined, string])[] = [
      [undefined, undefined, ok],
      [null, null, ok],
      [null, undefined, ok],
      [[], undefined, no],
      [undefined, [], no],
      [[], null, no],
      // A portal's "allow all published algorithms".
      [null, [], ok],
      [[], [], no],
      [[], mine, ok],
      [[], others, notThePublisher],
      [[], ['*'], ok],
      [[entry()], [], ok],
      [[entry()], undefined, ok],
      [[entry({ did: didOf('b') })], [], no],
      [[entry({ did: didOf('b') })], mine, no],
      [[entry()], mine, ok],
      [[entry()], others, notThePublisher],
      [[entry()], ['*'], ok],
      [[{ did: '*' }], undefined, ok],
      [[{ did: '*' }], [], ok],
      [[{ did: '*' }], others, notThePublisher],
      [[entry({ did: didOf('b') }), { did: '*' }], undefined, ok],
    ];
    for (const [publisherTrustedAlgorithms, publisherTrustedAlgorithmPublishers, expected] of cases) {
      const compute = {
        ...(publisherTrustedAlgorithms === undefined ? {} : { publisherTrustedAlgorithms }),
        ...(publisherTrustedAlgorithmPublishers === undefined ? {} : { publisherTrustedAlgorithmPublishers }),
      };
      expect(codeOf(trusting(compute)), JSON.stringify(compute)).to.equal(expected);
    }
  });

  it('of a list of publishers is in what they publish, in whatever letter case, and never in what nobody owns', () => {
    const lists = { publisherTrustedAlgorithmPublishers: [OWNER.toLowerCase()] };
    expect(codeOf(trusting(lists))).to.equal('trusted');
    const of = (changes: Partial<Ddo>) =>
      codeOf(
        trustPublished(computing(lists), {
          algorithm: anAsset('a', 'algorithm', changes),
          container,
          trustWithoutChecksums: false,
        }),
      );
    expect(of({})).to.equal('not_trusted_algo_publisher');
    expect(of({ indexedMetadata: { nft: { owner: OWNER } } })).to.equal('trusted');
  });

  it('may be in one container only', () => {
    const others = entry({ containerSectionChecksum: '0'.repeat(64) });
    expect(codeOf(trusting(listed(entry({ containerSectionChecksum: checksum.toUpperCase() }))))).to.equal('trusted');
    expect(codeOf(trusting(listed(others, entry())))).to.equal('trusted');
    expect(codeOf(trusting(listed(others)))).to.equal('algorithm_container_checksum_mismatch');
    expect(codeOf(trusting(listed(entry({ containerSectionChecksum: '*' }))))).to.equal('trusted');
  });

  it('in a container is in that very image: what its checksum is made of may not run into one another', () => {
    const { checksum: digest = '', ...image } = container;
    const fused = { ...image, entrypoint: `${image.entrypoint}${digest}` };
    expect(containerSectionChecksum(fused), 'the same hash, with any image').to.equal(checksum);
    for (const loose of [fused, { ...fused, image: 'another' }]) {
      const verdict = trusting(listed(entry()), { container: loose });
      expect(verdict).to.include({ kind: 'refused', code: 'algorithm_container_checksum_mismatch' });
      expect(verdict).to.have.property('detail').that.contains('digest');
    }
    const twice = { ...container, entrypoint: `${image.entrypoint}${digest}` };
    const loose = { ...image, entrypoint: 'node $ALGO' };
    for (const trusted of [twice, loose]) {
      const section = containerSectionChecksum(trusted);
      expect(codeOf(trusting(listed(entry({ containerSectionChecksum: section })), { container: trusted }))).to.equal(
        'algorithm_container_checksum_mismatch',
      );
    }
  });

  it('may be in some files only, which the runner checks', () => {
    expect(trusting(listed(entry({ filesChecksum: 'AB' }), entry({ filesChecksum: 'cd' })))).to.deep.equal({
      kind: 'trusted',
      filesChecksums: ['ab', 'cd'],
    });
    expect(trusting(listed(entry(), entry({ filesChecksum: '*' })))).to.deep.equal(any);
  });

  it('is in nothing where an entry lacks a checksum, and the refusal says which', () => {
    const lacking: readonly (readonly [Partial<Entry>, string])[] = [
      [{ filesChecksum: '' }, 'has no filesChecksum,'],
      [{ containerSectionChecksum: '' }, 'has no containerSectionChecksum,'],
      [{ filesChecksum: '', containerSectionChecksum: '' }, 'has no filesChecksum and no containerSectionChecksum,'],
    ];
    for (const [changes, text] of lacking) {
      const verdict = trusting(listed(entry({ did: didOf('b') }), entry(changes)));
      expect(verdict).to.include({ kind: 'refused', code: 'not_trusted_algo' });
      expect(verdict)
        .to.have.property('detail')
        .that.contains(`publisherTrustedAlgorithms[1] (${algorithm.id}) ${text}`);
      expect(codeOf(trusting(listed(entry(changes)), { trustWithoutChecksums: true }))).to.equal('trusted');
    }
    // Another entry of the same algorithm may still be whole.
    expect(trusting(listed({ did: algorithm.id }, entry()))).to.deep.equal({
      kind: 'trusted',
      filesChecksums: [files],
    });
    expect(unsettledEntries(computing(listed(entry(), { did: algorithm.id }, { did: '*' })))).to.deep.equal([
      `publisherTrustedAlgorithms[1] (${algorithm.id}) has no filesChecksum and no containerSectionChecksum`,
    ]);
  });

  it('does not let files of an entry for another container through', () => {
    const others = entry({ containerSectionChecksum: '0'.repeat(64), filesChecksum: 'cd' });
    expect(trusting(listed(others, entry({ filesChecksum: 'ab' })))).to.deep.equal({
      kind: 'trusted',
      filesChecksums: ['ab'],
    });
  });
});
