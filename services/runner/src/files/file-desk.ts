/**
 * Answers what the gateway asks about files. What the checksum of an asset's files is, before anybody pays: one at a time, of bounded size
 * and time. What everybody may know of files. And where one is sent from. All on one subject, so that brokers with users of their own need no further right.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { answerQuestions } from '@capstan/shared/bus/request';
import { FILE_CHECK } from '@capstan/shared/bus/subjects';
import { limited } from '@capstan/shared/runtime/limited';
import { FileCheckQuestionSchema, type FileCheckAnswer } from '@capstan/shared/contract/file-check';
import { messageOf } from '@capstan/shared/contract/errors';
import { FileInfoQuestionSchema, type FileInfoAnswer } from '@capstan/shared/contract/file-info';
import { FileTicketQuestionSchema, type FileTicketAnswer } from '@capstan/shared/contract/file-ticket';
import type { Log } from '@capstan/shared/runtime/log';
import { hasNoPublicAddress } from '@capstan/shared/net/ssrf-guard';
import type { Service } from '@capstan/shared/runtime/service';
import { compile } from '@capstan/shared/schema/validate';
import type { CheckNotes } from './check-notes.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import type { FileSender } from './file-sender.ts';
import { createFileFacts } from './file-facts.ts';
import { filesChecksum } from '../fetch/files-checksum.ts';
import type { OwnNode } from '../fetch/sealed-files.ts';

interface FileDeskOptions {
  readonly bus: Bus;
  readonly fetcher: Pick<Fetcher, 'fetchInto' | 'openOnce'>;
  readonly own: OwnNode;
  readonly notes: CheckNotes;
  readonly sender: Pick<FileSender, 'ticketFor'>;
  readonly log: Log;
}

/** The route behind it asks for no signature. */
const MAX_BYTES = 50_000_000;
const MAX_MS = 10_000;
const UNREADABLE = { v: 1, problem: 'unreadable' } as const;
const UNKNOWN: FileCheckAnswer = { v: 1, filesChecksum: null };
const REFUSED: FileCheckAnswer = { ...UNKNOWN, isRefused: true };

const validate = compile(FileCheckQuestionSchema);
const validateInfo = compile(FileInfoQuestionSchema);
const validateTicket = compile(FileTicketQuestionSchema);

/** A question without a kind is one for a checksum: gateways up to 0.1 knew no other. */
const kindOf = (question: unknown): unknown =>
  typeof question === 'object' && question !== null && 'kind' in question ? question.kind : undefined;

export function createFileDesk({ bus, fetcher, own, notes, sender, log }: FileDeskOptions): Service {
  const stopping = new AbortController();
  const tellFacts = createFileFacts({ fetcher, own, log });
  let isBusy = false;

  const checkSum = async (question: unknown): Promise<FileCheckAnswer> => {
    const checked = validate(question);
    if (!checked.ok || isBusy) return UNKNOWN;
    isBusy = true;
    using limit = limited(MAX_MS, stopping.signal);
    const { signal } = limit;
    try {
      const { asset } = checked.value;
      const sum = await notes.during(asset, () => filesChecksum(asset, { fetcher, own, maxBytes: MAX_BYTES }, signal));
      return { v: 1, filesChecksum: sum ?? null };
    } catch (error) {
      log.debug({ problem: messageOf(error) }, 'the files of an asset could not be checked before an order');
      return hasNoPublicAddress(error) ? REFUSED : UNKNOWN;
    } finally {
      isBusy = false;
    }
  };

  const answer = async (question: unknown): Promise<FileCheckAnswer | FileInfoAnswer | FileTicketAnswer> => {
    switch (kindOf(question)) {
      case 'info': {
        const checked = validateInfo(question);
        return checked.ok ? tellFacts(checked.value, stopping.signal) : UNREADABLE;
      }
      case 'send': {
        const checked = validateTicket(question);
        return checked.ok ? sender.ticketFor(checked.value) : UNREADABLE;
      }
      default:
        return checkSum(question);
    }
  };

  return {
    name: 'file desk',
    start() {
      answerQuestions(bus, {
        subject: FILE_CHECK,
        // One runner of all that are there.
        queue: 'runners',
        answer,
        onError: (error) => log.warn({ err: error }, 'a question about files could not be answered'),
        signal: stopping.signal,
      });
      return Promise.resolve();
    },
    stop() {
      stopping.abort();
      return Promise.resolve();
    },
  };
}
