/** A chain as the gateway asks it, over one endpoint after the other: the only file that makes an ethers provider. */
import { FetchRequest, isError, JsonRpcProvider, Network } from 'ethers';
import { deadline } from '@capstan/shared/deadline';
import type { Clock } from '@capstan/shared/clock';
import type { ChainConfig } from '@capstan/shared/config/chains';
import { CapstanError, messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';
import { unlessAborted } from '@capstan/shared/unless-aborted';

export interface Chain extends Service {
  readonly id: number;
  /** Blocks after which a transaction counts, and after which it is taken as final. */
  readonly confirmations: number;
  readonly settledAfter: number;
  /**
   * The answers to some requests, from the same endpoint; what is asked in the same turn shares one round trip. Undefined for a call
   * that a contract refuses, or that no contract answers. Rejects with CHAIN_UNAVAILABLE when no endpoint of this chain answers.
   */
  ask(...requests: readonly Request[]): Promise<readonly unknown[]>;
}

export interface Request {
  readonly method: 'eth_getTransactionReceipt' | 'eth_blockNumber' | 'eth_call';
  readonly params: readonly unknown[];
}

interface ChainParts {
  readonly clock: Clock;
  readonly log: Log;
}

/** For so long an endpoint that failed is asked only after the others. */
const AVOID_MS = 30_000;

interface Endpoint {
  /** Its host: an address may carry an access key. */
  readonly shown: string;
  readonly provider: JsonRpcProvider;
  avoidedUntil: number;
}

export function createChain(config: ChainConfig, { clock, log }: ChainParts): Chain {
  const { id, timeoutS } = config;
  const endpoints = config.rpc.map((url) => endpointOf(url, config));

  const askOne = async ({ provider }: Endpoint, requests: readonly Request[]): Promise<readonly unknown[]> => {
    const answers = Promise.all([
      // In the same round trip: what another chain says of the same hash counts for nothing.
      provider.send('eth_chainId', []),
      ...requests.map((request) => answerTo(provider, request)),
    ]);
    const [chainId, ...rest] = (await unlessAborted(answers, deadline(timeoutS * 1_000))) as unknown[];
    if (Number(chainId) !== id) throw new Error(`it is an endpoint of chain ${Number(chainId)}`);
    return rest;
  };

  const inOrder = () => {
    const now = clock.monotonicMs();
    return endpoints.toSorted((a, b) => Number(a.avoidedUntil > now) - Number(b.avoidedUntil > now));
  };

  return {
    name: `chain ${id}`,
    id,
    confirmations: config.confirmations,
    settledAfter: Math.max(config.settledAfter, config.confirmations),
    start: () => Promise.resolve(),
    stop() {
      for (const { provider } of endpoints) provider.destroy();
      return Promise.resolve();
    },
    async ask(...requests) {
      const problems: unknown[] = [];
      for (const endpoint of inOrder()) {
        try {
          return await askOne(endpoint, requests);
        } catch (error) {
          endpoint.avoidedUntil = clock.monotonicMs() + AVOID_MS;
          problems.push(error);
          log.warn({ chainId: id, endpoint: endpoint.shown, problem: shortly(error) }, 'an endpoint of a chain failed');
        }
      }
      throw new CapstanError(
        'CHAIN_UNAVAILABLE',
        `Chain ${id} can't be asked at the moment, so no order on it can be checked. Try again shortly.`,
        { cause: problems.at(-1) },
      );
    },
  };
}

function endpointOf(url: string, { id, timeoutS }: ChainConfig): Endpoint {
  const request = new FetchRequest(url);
  request.timeout = timeoutS * 1_000;
  // Whoever says 429 is passed over; the next endpoint is asked instead.
  request.setThrottleParams({ maxAttempts: 1 });
  const network = Network.from(id);
  const provider = new JsonRpcProvider(request, network, { staticNetwork: network, batchStallTime: 1 });
  return { shown: new URL(url).host, provider, avoidedUntil: 0 };
}

async function answerTo(provider: JsonRpcProvider, { method, params }: Request): Promise<unknown> {
  try {
    return await provider.send(method, [...params]);
  } catch (error) {
    if (method === 'eth_call' && isError(error, 'CALL_EXCEPTION')) return undefined;
    throw error;
  }
}

/** ethers puts the whole request into its messages, the endpoint's address and key among it. */
function shortly(error: unknown): string {
  return error instanceof Error && 'shortMessage' in error ? String(error.shortMessage) : messageOf(error);
}
