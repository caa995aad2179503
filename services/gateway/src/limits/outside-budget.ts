/**
 * What requests may make the node ask of others: a request of a few bytes can set off dozens of questions to a metadata store and to
 * chains. Each is charged to its network before the first one goes out.
 */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Config } from '@capstan/shared/config/schema';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import type { Rate } from './token-bucket.ts';

/** Of a description: the metadata store, and what the chain says of it. */
const OF_AN_ASSET = 2;

interface NamedAsset {
  readonly documentId?: string;
  readonly transferTxId?: string;
}

/** How many questions these assets set off at most, PURE. */
export const questionsAbout = (assets: readonly NamedAsset[]): number =>
  assets.reduce(
    (sum, { documentId, transferTxId }) =>
      sum + (documentId === undefined ? 0 : OF_AN_ASSET) + (transferTxId === undefined ? 0 : 1),
    0,
  );

/** Charges a network. Throws TOO_MANY_REQUESTS. */
export type AskOutside = (network: string, assets: readonly NamedAsset[]) => void;

/** Of a node that has nobody to ask, nothing is charged. */
export function createOutsideBudget(rate: Rate, hasOthers: boolean, clock: Clock): AskOutside {
  const limit: RateLimit = hasOthers ? createRateLimit(rate, clock) : () => undefined;
  return (network, assets) => {
    const questions = questionsAbout(assets);
    if (questions > 0) limit(network, questions);
  };
}

export function outsideBudgetOf({ gateway, chains }: Pick<Config, 'gateway' | 'chains'>, clock: Clock): AskOutside {
  const { outsidePerSecond: perSecond, outsideBurst: burst } = gateway.limits;
  return createOutsideBudget({ perSecond, burst }, chains.length > 0 || gateway.metadataStoreUrl !== undefined, clock);
}

/**
 * The same of a quote: the node signs a fee for each asset, which takes about as long as a request, so each counts as one, and all of them
 * as no more than `burst`, which is what a network has that asked for nothing lately.
 */
export const countingAssets =
  (perIp: RateLimit, burst: number, askOutside: AskOutside): AskOutside =>
  (network, assets) => {
    perIp(network, Math.max(0, Math.min(assets.length, Math.floor(burst)) - 1));
    askOutside(network, assets);
  };
