/** The node's own catalogue as others may see it. */
import type { FoundAssets } from '@capstan/shared/contract/asset-answers';
import type { AssetQuery } from '@capstan/shared/contract/asset-requests';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { fullDid } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { DdoSource } from '../assets/assets.ts';
import type { Indexed } from '../assets/indexed.ts';
import type { ListCatalogue } from '../assets/catalogue-list.ts';
import { SEARCHED } from '../assets/search-fields.ts';
import { matcherOf } from '../assets/search.ts';
import { isShownFromCatalogue } from '../assets/shown.ts';

interface ShownOptions {
  readonly catalogue: DdoSource;
  readonly list: ListCatalogue;
  readonly indexed: Indexed;
}

export interface CatalogueShown {
  /** Rejects with NOT_FOUND alike for what is not there and what is not for this caller. */
  find(did: string, caller: string | undefined): Promise<Ddo>;
  /** Rejects with VALIDATION. */
  search(query: AssetQuery, caller: string | undefined): Promise<FoundAssets>;
}

const DEFAULT_SIZE = 10;
/** Of one answer: who asks for all gets as many as a small node has. */
const MOST_HITS = 1_000;
const MOST_CHARS = 8_000_000;
/** To be had by whoever knows of it, and shown in no list. */
const UNLISTED = 5;

export function createCatalogueShown({ catalogue, list, indexed }: ShownOptions): CatalogueShown {
  return {
    async find(did, caller) {
      const ddo = await catalogue.find(fullDid(did));
      if (ddo && isShownFromCatalogue(ddo, caller)) return indexed.withFacts(ddo);
      throw new CapstanError(
        'NOT_FOUND',
        'The catalogue of this node has no such asset. Check the DID; what is for listed consumers only is shown to them, with a typed signature or a token.',
      );
    },
    async search({ query, size = DEFAULT_SIZE, from = 0 }, caller) {
      const matches = matcherOf(query);
      if (!matches) throw unsearchable();
      const all = await list();
      const found = all.filter((ddo) => isListed(ddo) && isShownFromCatalogue(ddo, caller) && matches(ddo));
      const asked = found.slice(from, from + Math.min(size, MOST_HITS));
      const hits = upTo(MOST_CHARS, asked).map((ddo) => ({ _id: ddo.id, _source: indexed.asFarAsItSays(ddo) }));
      return { took: 0, timed_out: false, hits: { total: { value: found.length, relation: 'eq' }, hits } };
    },
  };
}

/** One at least; how many there are in all stands beside them. */
function upTo(mostChars: number, ddos: readonly Ddo[]): readonly Ddo[] {
  let chars = 0;
  const end = ddos.findIndex((ddo) => (chars += JSON.stringify(ddo).length) > mostChars);
  return end < 0 ? ddos : ddos.slice(0, Math.max(1, end));
}

const isListed = ({ nft, indexedMetadata }: Ddo) => nft?.state !== UNLISTED && indexedMetadata?.nft?.state !== UNLISTED;

function unsearchable(): CapstanError {
  const text = `The query field takes match, match_phrase, term or terms, for one of ${SEARCHED.join(', ')}, or ids, and bool with some of these as its filter, must, must_not or should.`;
  return new CapstanError('VALIDATION', 'Validation error', { fields: { query: [text] } });
}
