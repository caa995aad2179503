/** Has a runner send a file: a ticket is asked for over NATS, and brought to the runner over HTTP. */
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Bus } from '@capstan/shared/bus/connect';
import { ask } from '@capstan/shared/bus/request';
import { FILE_CHECK, fileCheckedSubject } from '@capstan/shared/bus/subjects';
import {
  FILENAME_HEADER,
  FileTicketAnswerSchema,
  type FileTicketAnswer,
  type FileTicketQuestion,
} from '@capstan/shared/contract/file-ticket';
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { createGet, drop } from '@capstan/shared/net/get-from';
import { compile } from '@capstan/shared/schema/validate';
import { heldElsewhere, unreadable } from './unread-files.ts';

/** A file on its way; whoever gets it reads it, or destroys its body. */
export interface SentFile {
  readonly status: 200 | 206 | 416;
  readonly filename: string;
  /** `content-length`, `content-range`, `accept-ranges`, `etag`, `content-type`, as far as they are there. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

export interface Conditions {
  readonly range?: string;
  readonly ifRange?: string;
}

/** Rejects with REFUSED, NOT_FOUND or FILES_UNAVAILABLE. */
export type FetchFile = (wanted: Omit<FileTicketQuestion, 'v' | 'kind'>, conditions: Conditions) => Promise<SentFile>;

const ANSWER_MS = 5_000;
/** Until the runner has begun to answer, which waits for the source. */
const BEGIN_MS = 40_000;
/** What a client hears of what the runner says. */
const HANDED_ON = ['content-length', 'content-range', 'accept-ranges', 'etag', 'content-type'];

const validate = compile(FileTicketAnswerSchema);

export function createFileTickets({ bus, log }: { readonly bus: Bus; readonly log: Log }): FetchFile {
  // A runner sends nobody elsewhere; whoever speaks in its place could have the gateway knock anywhere.
  const get = createGet(BEGIN_MS, 0);

  const ticketOf = async (wanted: Omit<FileTicketQuestion, 'v' | 'kind'>): Promise<string> => {
    const question: FileTicketQuestion = { v: 1, kind: 'send', ...wanted };
    const replyTo = fileCheckedSubject(randomUUID());
    const answer = validate(await ask(bus, { subject: FILE_CHECK, question, replyTo, timeoutMs: ANSWER_MS }));
    if (!answer.ok) throw unavailable('No runner is there to send the file.');
    return urlIn(answer.value);
  };

  const bring = async (url: string, { range, ifRange }: Conditions) => {
    const headers = { ...(range ? { range } : {}), ...(ifRange ? { 'if-range': ifRange } : {}) };
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), BEGIN_MS);
    try {
      return await get(url, headers, late.signal);
    } catch (error) {
      log.warn({ problem: messageOf(error) }, 'a runner that shall send a file is not to be reached: see runner.files');
      throw unavailable('The runner that has the file is not to be reached.');
    } finally {
      clearTimeout(timer);
    }
  };

  return async (wanted, conditions) => {
    const { statusCode: status, headers, body } = await bring(await ticketOf(wanted), conditions);
    if (status !== 200 && status !== 206 && status !== 416) {
      drop(body);
      if (status === 502)
        throw new CapstanError('NOT_FOUND', 'The file is not to be had from where its owner keeps it.');
      throw unavailable('The source of the file does not answer.');
    }
    body.on('error', () => undefined);
    const said = HANDED_ON.map((name) => [name, headers[name]] as const);
    const handedOn = said.filter((each): each is [string, string] => typeof each[1] === 'string');
    return { status, filename: nameIn(headers[FILENAME_HEADER]), headers: Object.fromEntries(handedOn), body };
  };
}

function urlIn(answer: FileTicketAnswer): string {
  if ('url' in answer) return answer.url;
  switch (answer.problem) {
    case 'absent':
      throw new CapstanError('NOT_FOUND', 'The service has no file of that number.');
    case 'elsewhere':
      throw heldElsewhere('download them');
    case 'unreadable':
      throw unreadable(answer.reason);
    case 'busy':
      throw unavailable('As many files are being sent as may be.');
    case 'closed':
      throw unavailable('The runner sends no files (runner.files).');
  }
}

function nameIn(header: unknown): string {
  try {
    return typeof header === 'string' ? decodeURIComponent(header) : 'file';
  } catch {
    return 'file';
  }
}

const unavailable = (text: string) => new CapstanError('FILES_UNAVAILABLE', `${text} Try again shortly.`);
