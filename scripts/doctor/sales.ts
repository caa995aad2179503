/** What environments are sold for: settings that sell for nothing work, and look as if they sold. */
import type { Config } from '@capstan/shared/config/schema';
import { bad, ok, warn, type Finding } from './finding.ts';
import type { Check } from './check.ts';

const ABOUT = 'sales';
const NO_TOKEN = /^0x0{40}$/;

type Environment = Pick<
  Config['runner']['environments'][number],
  'id' | 'orders' | 'priceMin' | 'feeToken' | 'allowedChainId'
>;

export const checkSales: Check = ({ config: { runner, chains } }) =>
  Promise.resolve(judgeSales(runner.environments, chains.length));

/** `chains`: how many the node asks. PURE. */
export function judgeSales(environments: readonly Environment[], chains = 1): readonly Finding[] {
  const selling = environments.filter(({ orders }) => orders === 'chain');
  const found = [
    ...environments.flatMap(pricedForNothing),
    ...(chains > 1 ? selling.flatMap(ofAnyChain) : []),
    ...environments.filter(({ orders }) => orders === 'free').flatMap((free) => givenAway(free, selling)),
  ];
  if (found.length > 0) return found;
  return [ok(ABOUT, selling.length === 0 ? 'nothing is sold' : `sold for orders: ${namesOf(selling)}`)];
}

function pricedForNothing({ id, orders, priceMin, feeToken }: Environment): readonly Finding[] {
  if (priceMin === 0) return [];
  if (orders === 'free')
    return [bad(ABOUT, `${id} has a price that nobody pays: its orders are free`, 'set its orders to chain')];
  return NO_TOKEN.test(feeToken)
    ? [bad(ABOUT, `${id} has a price and no token that it is paid in, so nobody pays it`, 'set its feeToken')]
    : [];
}

/** The address of a token means something on its own chain: on another it is nothing, or somebody else's. */
function ofAnyChain({ id, priceMin, feeToken, allowedChainId }: Environment): readonly Finding[] {
  if (priceMin === 0 || NO_TOKEN.test(feeToken) || allowedChainId !== undefined) return [];
  return [
    warn(
      ABOUT,
      `${id} is paid in a token of one chain, and sells for assets of all: on another, whatever has that address pays`,
      'set its allowedChainId to the chain of its feeToken',
    ),
  ];
}

/** Whoever names the free one computes on what the others sell. */
function givenAway(free: Environment, selling: readonly Environment[]): readonly Finding[] {
  const beside = selling.filter((sold) => shareAChain(free, sold));
  if (beside.length === 0) return [];
  return [
    warn(
      ABOUT,
      `who names ${free.id} computes for nothing on assets that are sold in ${namesOf(beside)}`,
      'set its orders to chain, or its allowedChainId to chains whose assets you do not sell',
    ),
  ];
}

const shareAChain = ({ allowedChainId: one }: Environment, { allowedChainId: other }: Environment): boolean =>
  one === undefined || other === undefined || one.some((id) => other.includes(id));

const namesOf = (environments: readonly Environment[]) => environments.map(({ id }) => id).join(', ');
