/** What a search in the catalogue asks for, PURE: fields that are, or hold, a text. */
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

/** Of one list, and of all clauses of a query together. */
const MOST_VALUES = 1_000;
const MOST_CLAUSES = 20;

/**
 * Undefined for what nothing can be searched by. `query`: `{match: {field: text}}`, `{term: {field: text}}`, `{terms: {field: [text, …]}}`,
 * `{ids: {values: [DID, …]}}`, some of these that must all be so as `{bool: {filter: […]}}` or `must`, or nothing at all.
 */
export function matcherOf(query: Fields = {}): Matches | undefined {
  const [how, ...others] = Object.entries(query);
  if (how === undefined) return () => true;
  const [kind, fields] = how;
  if (others.length > 0 || !isFields(fields)) return undefined;
  switch (kind) {
    case 'match':
    case 'term':
      return fieldMatcher(kind, fields);
    case 'terms':
      return listMatcher(fields);
    case 'ids':
      return listMatcher({ id: fields['values'] });
    case 'bool':
      return allMatcher(fields);
    default:
      return undefined;
  }
}

function allMatcher({ filter = [], must = [], ...others }: Fields): Matches | undefined {
  const clauses = [filter, must].flat();
  if (Object.keys(others).length > 0 || clauses.length === 0 || clauses.length > MOST_CLAUSES) return undefined;
  // One within the other goes on for as long as a query may.
  const matchers = clauses.map((clause) => (isFields(clause) && !('bool' in clause) ? matcherOf(clause) : undefined));
  const known = matchers.filter((matches) => matches !== undefined);
  return known.length === matchers.length ? (ddo) => known.every((matches) => matches(ddo)) : undefined;
}

function listMatcher(fields: Fields): Matches | undefined {
  const [field, ...more] = Object.entries(fields);
  if (field === undefined || more.length > 0) return undefined;
  const read = readerOf(field[0]);
  const values: unknown = field[1];
  if (!read || !Array.isArray(values) || values.length > MOST_VALUES) return undefined;
  const wanted = new Set<unknown>(values);
  return (ddo) => wanted.has(read(ddo));
}

function readerOf(field: string): ((ddo: Ddo) => unknown) | undefined {
  const name = field
    .replace(/^metadata\./, '')
    .replace(/\.keyword$/, '')
    .replace(/^_id$/, 'id');
  return Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
}

function fieldMatcher(kind: 'match' | 'term', fields: Fields): Matches | undefined {
  const [field, ...more] = Object.entries(fields);
  if (field === undefined || more.length > 0) return undefined;
  const read = readerOf(field[0]);
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
