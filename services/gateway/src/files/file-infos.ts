/**
 * What everybody may know of files, asked of a runner. Strangers may ask, so it is bounded for the whole node and for each network, and
 * what was found counts for a while.
 */
import { createHash, randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Bus } from '@capstan/shared/bus/connect';
import { ask } from '@capstan/shared/bus/request';
import { FILE_CHECK, fileCheckedSubject } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import {
  FileInfoAnswerSchema,
  type FileInfo,
  type FileInfoAnswer,
  type FileInfoQuestion,
} from '@capstan/shared/contract/file-info';
import { CapstanError } from '@capstan/shared/contract/errors';
import { compile } from '@capstan/shared/schema/validate';
import type { Budget } from './file-checks.ts';
import { heldElsewhere, unreadable } from './unread-files.ts';

export type Wanted = Omit<FileInfoQuestion, 'v' | 'kind'>;

export interface FileInfos {
  /** Rejects with REFUSED, TOO_MANY_REQUESTS, or FILES_UNAVAILABLE. */
  of(wanted: Wanted, network: string): Promise<readonly FileInfo[]>;
  /** The same of a file that belongs to no asset. */
  ofFile(file: AssetFile, checksum: boolean, network: string): Promise<readonly FileInfo[]>;
}

interface FileInfosOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Encrypts to the node's key: no address of a file travels in the clear. */
  readonly seal: (text: string) => string;
  /** Throw TOO_MANY_REQUESTS for a network that has asked its share: of looks, and of downloads. */
  readonly limitNetwork: (network: string) => void;
  readonly limitDownloads: (network: string) => void;
  /** Looks of the whole node, and downloads for checksums. */
  readonly looks: Budget;
  readonly downloads: Budget;
  /** A question that waits for its answer; returns how to leave. Throws TOO_MANY_REQUESTS. */
  readonly takeLook: (network: string) => () => void;
}

const KEPT_MS = 300_000;
/** What could not be had may be there soon. */
const KEPT_INVALID_MS = 10_000;
const MOST_KEPT = 1_000;
/** A service of anybody's may have thousands of files, and what is told of each takes about so much. */
const MAX_KEPT_BYTES = 16_000_000;
const FILE_BYTES = 500;
/** A runner takes eight seconds at most. */
const ANSWER_MS = 10_000;
const RETRY_AFTER_S = 30;

interface Kept {
  readonly files: readonly FileInfo[];
  readonly untilMs: number;
}

/** By its form first: a union's errors would name the wrong branch. */
const validate = compile(FileInfoAnswerSchema);

export function createFileInfos(options: FileInfosOptions): FileInfos {
  const { bus, clock, seal, limitNetwork, limitDownloads, looks, downloads, takeLook } = options;
  const kept = new LRUCache<string, Kept>({
    max: MOST_KEPT,
    maxSize: MAX_KEPT_BYTES,
    sizeCalculation: ({ files }) => 1 + files.length * FILE_BYTES,
  });
  const asking = new Map<string, Promise<readonly FileInfo[]>>();

  const keep = (key: string, files: readonly FileInfo[]) => {
    const forMs = files.every(({ valid }) => valid) ? KEPT_MS : KEPT_INVALID_MS;
    kept.set(key, { files, untilMs: clock.monotonicMs() + forMs });
    return files;
  };

  const giveBack = ({ checksum }: Wanted) => {
    looks.giveBack();
    if (checksum) downloads.giveBack();
  };

  const askRunner = async (key: string, wanted: Wanted): Promise<readonly FileInfo[]> => {
    const question: FileInfoQuestion = { v: 1, kind: 'info', ...wanted };
    const replyTo = fileCheckedSubject(randomUUID());
    const answer = await ask(bus, { subject: FILE_CHECK, question, replyTo, timeoutMs: ANSWER_MS });
    const checked = validate(answer);
    // Where nothing was looked at, only the asker's share is spent: others' is theirs.
    if (!checked.ok || !isLookedAt(checked.value)) giveBack(wanted);
    if (!checked.ok) throw unavailable('No runner is there to look at the files.');
    return keep(key, filesIn(checked.value));
  };

  /** `about`: all that the answer depends on. */
  const find = (about: unknown, wanted: () => Wanted, network: string): Promise<readonly FileInfo[]> => {
    const key = createHash('sha256').update(JSON.stringify(about)).digest('hex');
    const known = kept.get(key);
    if (known && clock.monotonicMs() < known.untilMs) return Promise.resolve(known.files);
    const underway = asking.get(key);
    if (underway) return underway;
    using later = new DisposableStack();
    later.defer(takeLook(network));
    limitNetwork(network);
    const question = wanted();
    if (question.checksum) limitDownloads(network);
    if (!looks.spend()) throw tooMany();
    if (question.checksum && !downloads.spend()) {
      looks.giveBack();
      throw tooMany();
    }
    const place = later.move();
    const found = askRunner(key, question).finally(() => {
      asking.delete(key);
      place.dispose();
    });
    asking.set(key, found);
    return found;
  };

  return {
    of: async (wanted, network) => find(wanted, () => wanted, network),
    ofFile: async (file, checksum, network) =>
      find([file, checksum], () => ({ sealedFiles: seal(JSON.stringify([file])), checksum }), network),
  };
}

const isLookedAt = (answer: FileInfoAnswer) => 'files' in answer && answer.isRefused !== true;

function filesIn(answer: FileInfoAnswer): readonly FileInfo[] {
  if ('files' in answer) return answer.files;
  switch (answer.problem) {
    case 'busy':
      throw tooMany();
    case 'elsewhere':
      throw heldElsewhere('ask');
    case 'unreadable':
      throw unreadable(answer.reason);
  }
}

const unavailable = (text: string) => new CapstanError('FILES_UNAVAILABLE', `${text} Try again shortly.`);

const tooMany = () =>
  new CapstanError(
    'TOO_MANY_REQUESTS',
    `This node looks at so many files an hour only, for all who ask together. Try again in ${RETRY_AFTER_S} s.`,
    { headers: { 'Retry-After': String(RETRY_AFTER_S) } },
  );
