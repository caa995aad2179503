/** Says of files what everybody may know, for whoever looks at an asset before an order. So many at once, of bounded size and time. */
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { limited } from '@capstan/shared/runtime/limited';
import {
  MOST_LOOKED_AT,
  type FileInfo,
  type FileInfoAnswer,
  type FileInfoQuestion,
} from '@capstan/shared/contract/file-info';
import { hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { hasNoPublicAddress } from '@capstan/shared/net/ssrf-guard';
import type { Fetcher } from '../fetch/fetcher.ts';
import { lookAt } from '../fetch/look.ts';
import { filesOfText, locate, type OwnNode } from '../fetch/sealed-files.ts';

interface FileFactsOptions {
  readonly fetcher: Pick<Fetcher, 'openOnce'>;
  readonly own: OwnNode;
  readonly log: Log;
}

/** The route behind it asks for no signature. */
const MAX_CHECKSUM_BYTES = 50_000_000;
const MAX_MS = 8_000;
/** Questions that are answered at a time, and files that are looked at for one of them at a time. */
const AT_ONCE = 4;

export type TellFacts = (question: FileInfoQuestion, signal: AbortSignal) => Promise<FileInfoAnswer>;

export function createFileFacts({ fetcher, own, log }: FileFactsOptions): TellFacts {
  let answering = 0;

  const tell = async (file: AssetFile, index: number, how: Asking): Promise<FileInfo> => {
    const { type } = file;
    const unknown: FileInfo = { index, valid: false, type, contentLength: '', contentType: '' };
    if (!how.isWanted(index)) return unknown;
    try {
      const maxBytes = how.checksum ? how.takeBytes() : undefined;
      const facts = await lookAt(file, { fetcher, index, maxBytes }, how.signal);
      const { sizeBytes, contentType, filename, checksum } = facts;
      return {
        index,
        valid: true,
        type,
        contentLength: sizeBytes === undefined ? '' : String(sizeBytes),
        contentType,
        filename,
        ...(checksum === undefined ? {} : { checksum, checksumType: 'sha256' }),
      };
    } catch (error) {
      if (hasNoPublicAddress(error)) how.refused.add(index);
      log.debug({ problem: messageOf(error) }, 'a file that somebody asked about is not to be had');
      return unknown;
    }
  };

  const tellAll = async (question: FileInfoQuestion, stopping: AbortSignal): Promise<FileInfoAnswer> => {
    const files = filesOf(question, own);
    if (files === undefined) return { v: 1, problem: 'elsewhere' };
    const { fileIndex, checksum } = question;
    const looked = fileIndex === undefined ? Math.min(files.length, MOST_LOOKED_AT) : 1;
    using limit = limited(MAX_MS, stopping);
    const how: Asking = {
      checksum,
      signal: limit.signal,
      isWanted: (index) => (fileIndex === undefined ? index < MOST_LOOKED_AT : index === fileIndex),
      // All of them together.
      refused: new Set(),
      takeBytes: () => Math.floor(MAX_CHECKSUM_BYTES / Math.max(1, looked)),
    };
    const told: FileInfo[] = [];
    for (let from = 0; from < files.length; from += AT_ONCE) {
      const some = files.slice(from, from + AT_ONCE);
      told.push(...(await Promise.all(some.map((file, offset) => tell(file, from + offset, how)))));
    }
    const shown = fileIndex === undefined ? told : told.filter(({ index }) => index === fileIndex);
    const isRefused = how.refused.size > 0 && how.refused.size === looked;
    return { v: 1, files: shown, ...(isRefused ? { isRefused } : {}) };
  };

  return async (question, signal) => {
    if (answering >= AT_ONCE) return { v: 1, problem: 'busy' };
    answering += 1;
    try {
      return await tellAll(question, signal);
    } catch (error) {
      // What it says of sealed files names no address.
      if (hasCode(error, 'FETCH_FAILED')) return { v: 1, problem: 'unreadable', reason: error.message };
      throw error;
    } finally {
      answering -= 1;
    }
  };
}

interface Asking {
  readonly checksum: boolean;
  readonly signal: AbortSignal;
  readonly isWanted: (index: number) => boolean;
  readonly takeBytes: () => number;
  /** Those that nobody was connected to for. */
  readonly refused: Set<number>;
}

/** Undefined if another provider holds them. Throws FETCH_FAILED for what can not be read. */
function filesOf({ asset, sealedFiles }: FileInfoQuestion, own: OwnNode): readonly AssetFile[] | undefined {
  if (asset === undefined) return filesOfText(sealedFiles ?? '', own.key);
  // Whoever has no order is told so by the provider that holds them.
  const located = locate({ transferTxId: '', ...asset }, own);
  return located.kind === 'here' ? located.files : undefined;
}
