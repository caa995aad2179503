/** Reads a JSON body within a limit. Digits of numbers that must stay exact are kept as text. */
import type { IncomingMessage } from 'node:http';
import type { ParsedUrlQuery } from 'node:querystring';
import { getRawBody } from 'raw-body';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { readJson } from '@capstan/shared/runtime/json';
import { countedBody } from './body-room.ts';

/** Top-level numbers that some clients send as JSON numbers, and that don't survive as JavaScript's. */
const EXACT = new Set(['nonce']);

/** Requests as clients make them have ten. */
const MAX_FIELDS = 100;

export interface JsonBody {
  readonly value: Readonly<Record<string, unknown>>;
  /** As it came, to recognise it when it comes again. */
  readonly bytes: Buffer;
}

/** Throws BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, or BAD_REQUEST for what is no JSON object. */
export async function readJsonBody(request: IncomingMessage, limitBytes: number): Promise<JsonBody> {
  const bytes = await readBody(request, limitBytes);
  return { value: fieldsOf(request, bytes), bytes };
}

/** The same of a request about jobs whose parameters may all be in its query: what is sent beside them is nothing then, if it is no JSON. */
export async function readBodyBeside(
  query: ParsedUrlQuery,
  request: IncomingMessage,
  limitBytes: number,
): Promise<JsonBody> {
  const bytes = await readBody(request, limitBytes);
  try {
    return { value: fieldsOf(request, bytes), bytes };
  } catch (error) {
    const isNone = hasCode(error, 'UNSUPPORTED_MEDIA_TYPE', 'BAD_REQUEST');
    if (isNone && namesAll(query)) return { value: {}, bytes };
    throw error;
  }
}

/** Who asks, the proof, and which jobs: a body that could not be read cannot have narrowed it down. */
function namesAll({ consumerAddress, signature, jobId, documentId }: ParsedUrlQuery): boolean {
  return [consumerAddress, signature, jobId ?? documentId].every((value) => value !== undefined && value !== '');
}

function fieldsOf({ headers }: IncomingMessage, bytes: Buffer): JsonBody['value'] {
  if (bytes.length === 0) return {};
  if (!/^application\/(?:[\w.+-]*\+)?json\b/i.test(headers['content-type'] ?? '')) {
    throw new CapstanError(
      'UNSUPPORTED_MEDIA_TYPE',
      'Send the parameters as JSON, with Content-Type: application/json.',
    );
  }
  return parse(bytes);
}

/** The bytes of a body. Throws BODY_TOO_LARGE, TOO_MANY_REQUESTS where others fill the memory, or BAD_REQUEST for one that breaks off. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const body = countedBody(request);
  try {
    return await getRawBody(body, { limit: limitBytes, length: request.headers['content-length'] ?? null });
  } catch (error) {
    // What still comes is for whoever throws it away.
    if (body !== request) request.unpipe();
    if (error instanceof CapstanError) throw error;
    const type = error instanceof Error && 'type' in error ? error.type : undefined;
    if (type === 'entity.too.large') {
      throw new CapstanError(
        'BODY_TOO_LARGE',
        `The body is larger than the ${limitBytes} bytes that this node takes. Send less: long code belongs into an image or a published algorithm.`,
      );
    }
    throw new CapstanError('BAD_REQUEST', 'The body broke off before its end.', { cause: error });
  }
}

function parse(bytes: Buffer): Record<string, unknown> {
  const text = textOf(bytes);
  const read = readJson(text);
  if (read.kind === 'refused') throw notJson(`it ${read.problem}.`);
  const { value } = read;
  if (Array.isArray(value)) throw notJson('it is a list.');
  if (typeof value !== 'object' || value === null)
    throw notJson(`it is ${value === null ? 'null' : `a ${typeof value}`}.`);
  const fields = value as Record<string, unknown>;
  if (Object.keys(fields).length > MAX_FIELDS) throw notJson(`it has more than ${MAX_FIELDS} fields.`);
  return [...EXACT].some((name) => typeof fields[name] === 'number') ? keepDigits(text, fields) : fields;
}

const notJson = (detail: string) =>
  new CapstanError('BAD_REQUEST', `Send the parameters as a JSON object. The body is none: ${detail}`);

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw notJson('it is not valid UTF-8.');
  }
}

/** Parses again with each number's source text at hand; only done for the few clients that need it. */
function keepDigits(text: string, fields: Record<string, unknown>): Record<string, unknown> {
  const digits: { holder: unknown; name: string; source: string }[] = [];
  const note = function (this: unknown, name: string, value: unknown, context?: { source?: string }) {
    if (EXACT.has(name) && context?.source && typeof value === 'number')
      digits.push({ holder: this, name, source: context.source });
    return value;
  };
  const root: unknown = JSON.parse(text, note);
  const ofRoot = digits.filter(({ holder }) => holder === root);
  return { ...fields, ...Object.fromEntries(ofRoot.map(({ name, source }) => [name, source])) };
}
