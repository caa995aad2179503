/** Reads a JSON body within a limit. Digits of numbers that must stay exact are kept as text. */
import type { IncomingMessage } from 'node:http';
import { getRawBody } from 'raw-body';
import { CapstanError } from '@capstan/shared/errors';

/** Top-level numbers that some clients send as JSON numbers, and that don't survive as JavaScript's. */
const EXACT = new Set(['nonce']);

/** Whatever walks a value by recursion, JSON.stringify among others, would overflow the stack on 100,000. */
const MAX_DEPTH = 200;

export interface JsonBody {
  readonly value: Readonly<Record<string, unknown>>;
  /** As it came, to recognise it when it comes again. */
  readonly bytes: Buffer;
}

/** Throws BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, or BAD_REQUEST for what is no JSON object. */
export async function readJsonBody(request: IncomingMessage, limitBytes: number): Promise<JsonBody> {
  const type = request.headers['content-type'];
  const bytes = await readBody(request, limitBytes);
  if (bytes.length > 0 && !/^application\/(?:[\w.+-]*\+)?json\b/i.test(type ?? '')) {
    throw new CapstanError(
      'UNSUPPORTED_MEDIA_TYPE',
      'Send the parameters as JSON, with Content-Type: application/json.',
    );
  }
  return { value: bytes.length === 0 ? {} : parse(bytes), bytes };
}

/** The bytes of a body. Throws BODY_TOO_LARGE, or BAD_REQUEST for one that breaks off. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  try {
    return await getRawBody(request, { limit: limitBytes, length: request.headers['content-length'] ?? null });
  } catch (error) {
    const type = error instanceof Error && 'type' in error ? error.type : undefined;
    if (type === 'entity.too.large') {
      throw new CapstanError('BODY_TOO_LARGE', `The body is larger than the ${limitBytes} bytes that this node takes.`);
    }
    throw new CapstanError('BAD_REQUEST', 'The body broke off before its end.', { cause: error });
  }
}

function parse(bytes: Buffer): Record<string, unknown> {
  const notJson = (detail: string) => new CapstanError('BAD_REQUEST', `The body is not a JSON object: ${detail}`);
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (depthOf(text) > MAX_DEPTH) throw notJson(`it is nested deeper than ${MAX_DEPTH} levels.`);
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof CapstanError) throw error;
    throw notJson(error instanceof SyntaxError ? 'it does not parse.' : 'it is not valid UTF-8.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notJson('it is something else.');
  const fields = value as Record<string, unknown>;
  return [...EXACT].some((name) => typeof fields[name] === 'number') ? keepDigits(text, fields) : fields;
}

/** How deep brackets are nested, those inside strings left out. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (isInString) {
      if (char === '\\') i += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, (depth += 1));
    else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
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
