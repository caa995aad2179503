/**
 * Whether an algorithm's files are the ones that were approved, before anybody pays. Strangers may ask for it, so it costs little: one
 * download at a time, so many an hour for the whole node, and what was found counts for a while. Beyond that nothing is said, and the
 * runner judges when it provisions.
 */
import { createHash, randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Bus } from '@capstan/shared/bus/connect';
import { ask } from '@capstan/shared/bus/request';
import { FILE_CHECK, fileCheckedSubject } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/runtime/clock';
import { FileCheckAnswerSchema, type FileCheckQuestion } from '@capstan/shared/contract/file-check';
import type { AssetInput } from '@capstan/shared/contract/job';
import { hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { compile } from '@capstan/shared/schema/validate';

export interface FileChecks {
  /** The checksum of an asset's files, for whoever asks from that network; undefined where it could not be found out at the moment. Never rejects. */
  checksumOf(asset: AssetInput, network: string): Promise<string | undefined>;
}

/** Of the whole node. */
export interface Budget {
  /** Whether there is one left, which is spent then. */
  spend(): boolean;
  /** One that was spent turned out to cost nothing. */
  giveBack(): void;
}

interface FileChecksOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  /** Throws TOO_MANY_REQUESTS for a network that has had its share of downloads. */
  readonly limitDownloads: (network: string) => void;
  /** Downloads that this may start. */
  readonly downloads: Budget;
  /** A check that waits for its turn; returns how to leave. Throws TOO_MANY_REQUESTS. */
  readonly takeCheck: (network: string) => () => void;
}

const KEPT_MS = 600_000;
const MOST_KEPT = 1_000;
/** A runner takes ten seconds at most. */
const ANSWER_MS = 12_000;

interface Kept {
  readonly found: string | undefined;
  readonly atMs: number;
}

const validate = compile(FileCheckAnswerSchema);

export function createFileChecks({
  bus,
  clock,
  log,
  limitDownloads,
  downloads,
  takeCheck,
}: FileChecksOptions): FileChecks {
  const kept = new LRUCache<string, Kept>({ max: MOST_KEPT });
  const asking = new Map<string, Promise<string | undefined>>();
  /** Settles when the one before has been answered. */
  let turn: Promise<unknown> = Promise.resolve();

  const keep = (key: string, found: string | undefined) => {
    kept.set(key, { found, atMs: clock.monotonicMs() });
    return found;
  };

  /** Charged before it waits: what has had its share stands in nobody's way. Returns how to leave; undefined where there is none. */
  const placeFor = (network: string): (() => void) | undefined => {
    let leave: (() => void) | undefined;
    try {
      leave = takeCheck(network);
      limitDownloads(network);
      if (downloads.spend()) return leave;
    } catch (error) {
      if (!hasCode(error, 'TOO_MANY_REQUESTS')) throw error;
    }
    leave?.();
    return undefined;
  };

  const download = async (key: string, asset: AssetInput): Promise<string | undefined> => {
    const question: FileCheckQuestion = { v: 1, asset: onlyService(asset) };
    const replyTo = fileCheckedSubject(randomUUID());
    try {
      const answer = await ask(bus, { subject: FILE_CHECK, question, replyTo, timeoutMs: ANSWER_MS });
      const checked = validate(answer);
      // What only cost the asker's share takes nothing from others.
      if (!checked.ok || checked.value.isRefused === true) downloads.giveBack();
      // Nobody answered: as soon as a runner is there, it is asked.
      return checked.ok ? keep(key, checked.value.filesChecksum ?? undefined) : undefined;
    } catch (error) {
      log.debug({ problem: messageOf(error) }, 'no runner could be asked for a checksum');
      return undefined;
    }
  };

  return {
    checksumOf(asset, network) {
      const key = keyOf(asset);
      const known = kept.get(key);
      if (known && clock.monotonicMs() - known.atMs < KEPT_MS) return Promise.resolve(known.found);
      const underway = asking.get(key);
      if (underway) return underway;
      const leave = placeFor(network);
      if (!leave) return Promise.resolve(undefined);
      const found = turn
        .then(() => download(key, asset))
        .finally(() => {
          asking.delete(key);
          leave();
        });
      asking.set(key, found);
      turn = found;
      return found;
    },
  };
}

/** All that the answer depends on. */
function keyOf({ ddo, serviceId, origin }: AssetInput): string {
  const service = ddo.services.find(({ id }) => id === serviceId);
  const parts = [ddo.id, ddo.nftAddress, service?.datatokenAddress, service?.serviceEndpoint, service?.files, origin];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** What a runner needs to find the files, and nothing of the consumer's. */
export function onlyService({ ddo, serviceId, origin }: AssetInput): AssetInput {
  const { id, nftAddress, chainId, version, metadata } = ddo;
  const services = ddo.services.filter((service) => service.id === serviceId);
  return {
    ddo: { id, nftAddress, chainId, version, metadata: { type: metadata.type }, services },
    serviceId,
    ...(origin === undefined ? {} : { origin }),
  };
}
