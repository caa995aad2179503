/** A chain as the gateway asks it, over one endpoint after the other, or over all where they may disagree. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { ChainConfig } from '@capstan/shared/config/chains';
import { CapstanError, messageOf, systemCode } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import type { Request } from './answers.ts';
import { createReader } from './reader.ts';
import { createRpc, type Rpc } from './rpc.ts';

export type { Request };

export interface Chain extends Service {
  readonly id: number;
  /** How many endpoints it has. */
  readonly endpoints: number;
  /** Blocks after which a transaction counts, and after which it is taken as final. */
  readonly confirmations: number;
  readonly settledAfter: number;
  /** Blocks that its endpoints look through at once for events, if not through all. */
  readonly logBlocks: number;
  /**
   * The answers to some requests, from the same endpoint: the first one that answers all of them with what can be an answer. What is asked
   * in the same turn shares one round trip. Undefined for a call that a contract refuses, and for logs of more blocks than any
   * endpoint looks through; TOO_LONG for a receipt that is larger than any order's. Rejects with CHAIN_UNAVAILABLE when no endpoint of this chain answers.
   */
  ask(...requests: readonly Request[]): Promise<readonly unknown[]>;
  /** The same of every endpoint that answers, in their order. */
  askAll(...requests: readonly Request[]): Promise<readonly (readonly unknown[])[]>;
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
  readonly rpc: Rpc;
  avoidedUntil: number;
}

export function createChain(config: ChainConfig, { clock, log }: ChainParts): Chain {
  const { id, timeoutS } = config;
  const reader = createReader();
  const endpoints: readonly Endpoint[] = config.rpc.map((url) => ({
    shown: new URL(url).host,
    rpc: createRpc({ url, chainId: id, timeoutMs: timeoutS * 1_000, reader }),
    avoidedUntil: 0,
  }));

  const askOne = async (endpoint: Endpoint, requests: readonly Request[]): Promise<readonly unknown[]> => {
    try {
      return await endpoint.rpc.ask(requests);
    } catch (error) {
      endpoint.avoidedUntil = clock.monotonicMs() + AVOID_MS;
      log.warn({ chainId: id, endpoint: endpoint.shown, problem: shortly(error) }, 'an endpoint of a chain failed');
      throw error;
    }
  };

  const inOrder = () => {
    const now = clock.monotonicMs();
    return endpoints.toSorted((a, b) => Number(a.avoidedUntil > now) - Number(b.avoidedUntil > now));
  };

  return {
    name: `chain ${id}`,
    id,
    endpoints: endpoints.length,
    confirmations: config.confirmations,
    settledAfter: Math.max(config.settledAfter, config.confirmations),
    logBlocks: config.logBlocks,
    start: () => Promise.resolve(),
    stop() {
      for (const { rpc } of endpoints) rpc.stop();
      return reader.stop();
    },
    async ask(...requests) {
      let problem: unknown;
      /** Of an endpoint that is well, and does not look through so many blocks: the next one may. */
      let withoutLogs: readonly unknown[] | undefined;
      for (const endpoint of inOrder()) {
        try {
          const answers = await askOne(endpoint, requests);
          if (!lacksLogs(requests, answers)) return answers;
          withoutLogs ??= answers;
        } catch (error) {
          problem = error;
        }
      }
      if (withoutLogs) return withoutLogs;
      throw unavailable(id, problem);
    },
    async askAll(...requests) {
      const told = await Promise.allSettled(endpoints.map((endpoint) => askOne(endpoint, requests)));
      const answers = told.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      if (answers.length > 0) return answers;
      throw unavailable(id, told.find((each) => each.status === 'rejected')?.reason);
    },
  };
}

const lacksLogs = (requests: readonly Request[], answers: readonly unknown[]): boolean =>
  requests.some(({ method }, index) => method === 'eth_getLogs' && answers[index] === undefined);

export function unavailable(chainId: number, cause?: unknown): CapstanError {
  return new CapstanError(
    'CHAIN_UNAVAILABLE',
    `Chain ${chainId} can't be asked at the moment, so no order on it can be checked. Try again shortly.`,
    { cause },
  );
}

/** What the network says may hold the whole address, an access key in it. */
function shortly(error: unknown): string {
  // Of a signal; its code is a number that nobody knows.
  if (error instanceof DOMException) return error.name === 'TimeoutError' ? 'timed out' : 'aborted';
  return systemCode(error) ?? messageOf(error).slice(0, 200);
}
