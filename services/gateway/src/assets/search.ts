/** What a search in the catalogue asks for, PURE: one field that is, or holds, a text. */
import type { Ddo } from '@capstan/shared/contract/ddo';

type Fields = Readonly<Record<string, unknown>>;

export type Matches = (ddo: Ddo) => boolean;

/** Each in the names that clients write. */
const FIELDS: Readonly<Record<string, (ddo: Ddo) => unknown>> = {
  id: ({ id }) => id,
  type: ({ metadata }) => metadata.type,
  name: ({ metadata }) => metadata.name,
  author: ({ metadata }) => ('author' in metadata ? metadata.author : undefined),
};

export const SEARCHED = Object.keys(FIELDS);

/** Longer texts are no names. */
const MAX_CHARS = 256;

/** Undefined for what nothing can be searched by. `query`: `{match: {field: text}}`, `{term: {field: text}}`, or nothing at all. */
export function matcherOf(query: Fields = {}): Matches | undefined {
  const [how, ...others] = Object.entries(query);
  if (how === undefined) return () => true;
  const [kind, fields] = how;
  if (others.length > 0 || (kind !== 'match' && kind !== 'term') || !isFields(fields)) return undefined;
  const [field, ...more] = Object.entries(fields);
  if (field === undefined || more.length > 0) return undefined;
  const name = field[0]
    .replace(/^metadata\./, '')
    .replace(/\.keyword$/, '')
    .replace(/^_id$/, 'id');
  const read = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  const text = textOf(field[1]);
  if (!read || text === undefined) return undefined;
  const words = wordsOf(text);
  if (kind === 'term') return (ddo) => read(ddo) === text;
  return (ddo) => {
    const value = read(ddo);
    if (typeof value !== 'string') return false;
    const own = new Set(wordsOf(value.slice(0, MAX_CHARS * 4)));
    return words.some((word) => own.has(word));
  };
}

/** `{field: text}`, or `{field: {query: text}}` and `{field: {value: text}}`. */
function textOf(wanted: unknown): string | undefined {
  const text = isFields(wanted) ? (wanted['query'] ?? wanted['value']) : wanted;
  return typeof text === 'string' && text.length <= MAX_CHARS ? text : undefined;
}

const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}:]+/u)
    .filter((word) => word !== '');

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
