/** What a search in the catalogue asks for, PURE: the part of a search engine's language that clients of metadata stores write. */
import type { Ddo } from '@capstan/shared/contract/ddo';
import { fieldReader } from './search-fields.ts';

type Fields = Readonly<Record<string, unknown>>;

export type Matches = (ddo: Ddo) => boolean;

/** Longer texts are no names. */
const MAX_CHARS = 256;

/** Of one list, and of all clauses of a query together. */
const MOST_VALUES = 1_000;
const MOST_CLAUSES = 20;
const MOST_LEVELS = 4;

/** Clauses that are left, and levels. */
interface Left {
  clauses: number;
  readonly levels: number;
}

/**
 * Undefined for what nothing can be searched by. `query`: `{match: {field: text}}`, `{match_phrase: …}`, `{term: {field: value}}`,
 * `{terms: {field: [value, …]}}`, `{ids: {values: [DID, …]}}`, some of these as `{bool: {filter: […], must, must_not, should}}`, or nothing.
 */
export function matcherOf(query: Fields = {}): Matches | undefined {
  return clauseMatcher(query, { clauses: MOST_CLAUSES, levels: MOST_LEVELS });
}

function clauseMatcher(query: Fields, left: Left): Matches | undefined {
  const [how, ...others] = Object.entries(query);
  if (how === undefined) return () => true;
  const [kind, fields] = how;
  if (others.length > 0 || !isFields(fields)) return undefined;
  switch (kind) {
    case 'match':
    case 'match_phrase':
      return wordsMatcher(kind, fields);
    case 'term':
      return termMatcher(fields);
    case 'terms':
      return listMatcher(fields);
    case 'ids':
      return listMatcher({ id: fields['values'] });
    case 'bool':
      return boolMatcher(fields, left);
    default:
      return undefined;
  }
}

/** All of `filter` and `must`, none of `must_not`; of `should` one, where it stands alone or is asked for. */
function boolMatcher(
  { filter, must, must_not: mustNot, should, minimum_should_match: least, ...others }: Fields,
  left: Left,
): Matches | undefined {
  const given = [filter, must, mustNot, should];
  if (Object.keys(others).length > 0 || given.every((clauses) => clauses === undefined)) return undefined;
  const isOneNeeded = least === undefined ? filter === undefined && must === undefined : least === 1;
  if (!isOneNeeded && least !== undefined && least !== 0) return undefined;
  const matchers = given.map((clauses) => allOf(clauses, left));
  const [first, second, none, some] = matchers;
  if (!first || !second || !none || !some) return undefined;
  const all = [...first, ...second];
  return (ddo) =>
    all.every((matches) => matches(ddo)) &&
    !none.some((matches) => matches(ddo)) &&
    (some.length === 0 || !isOneNeeded || some.some((matches) => matches(ddo)));
}

/** One clause or several. What a client leaves out of a list is null in it. */
function allOf(clauses: unknown, left: Left): readonly Matches[] | undefined {
  const given = [clauses ?? []].flat().filter((clause) => clause !== null);
  left.clauses -= given.length;
  if (left.clauses < 0 || left.levels === 0) return undefined;
  const deeper: Left = { clauses: left.clauses, levels: left.levels - 1 };
  const matchers: Matches[] = [];
  for (const clause of given) {
    const matches = isFields(clause) ? clauseMatcher(clause, deeper) : undefined;
    if (!matches) return undefined;
    matchers.push(matches);
  }
  left.clauses = deeper.clauses;
  return matchers;
}

function listMatcher(fields: Fields): Matches | undefined {
  const [field, ...more] = Object.entries(fields);
  if (field === undefined || more.length > 0) return undefined;
  const [name, values] = field;
  if (!Array.isArray(values) || values.length > MOST_VALUES) return undefined;
  // Whatever it is called, there is one.
  if (name === '_index') return () => true;
  const read = fieldReader(name);
  if (!read) return undefined;
  const wanted = new Set(values.map(plain));
  return (ddo) => read(ddo).some((value) => wanted.has(plain(value)));
}

function termMatcher(fields: Fields): Matches | undefined {
  const [field, ...more] = Object.entries(fields);
  if (field === undefined || more.length > 0) return undefined;
  const value = valueOf(field[1]);
  return value === undefined ? undefined : listMatcher({ [field[0]]: [value] });
}

function wordsMatcher(kind: 'match' | 'match_phrase', fields: Fields): Matches | undefined {
  const [field, ...more] = Object.entries(fields);
  if (field === undefined || more.length > 0) return undefined;
  const read = fieldReader(field[0]);
  const text = valueOf(field[1]);
  if (!read || typeof text !== 'string') return undefined;
  const words = wordsOf(text);
  const phrase = ` ${words.join(' ')} `;
  return (ddo) =>
    read(ddo).some((value) => {
      if (typeof value !== 'string') return false;
      const own = wordsOf(value.slice(0, MAX_CHARS * 4));
      return kind === 'match' ? words.some((word) => own.includes(word)) : ` ${own.join(' ')} `.includes(phrase);
    });
}

/** `{field: value}`, or `{field: {query: value}}` and `{field: {value: value}}`. */
function valueOf(wanted: unknown): string | number | boolean | undefined {
  const value = isFields(wanted) ? (wanted['query'] ?? wanted['value']) : wanted;
  if (typeof value === 'string') return value.length <= MAX_CHARS ? value : undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

/** Addresses come in either letter case; numbers as texts. */
const plain = (value: unknown): unknown =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value).toLowerCase()
    : undefined;

const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}:]+/u)
    .filter((word) => word !== '');

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
