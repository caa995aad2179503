/** A request's parameters: from the query first, then from the body what the query lacks. An empty or null one counts as absent. */
import type { ParsedUrlQuery } from 'node:querystring';
import { CapstanError } from '@capstan/shared/errors';
import type { Validator } from '@capstan/shared/validate';

type Fields = Readonly<Record<string, unknown>>;

/** The members that hold parameters of their own. Anything else is the caller's data and stays as it is. */
const NESTED = new Set(['dataset', 'algorithm', 'additionalDatasets']);

const isPresent = (value: unknown) => value !== undefined && value !== null && value !== '';

function withoutAbsent(fields: Fields): Fields {
  const present = Object.entries(fields).filter(([, value]) => isPresent(value));
  return Object.fromEntries(present.map(([name, value]) => [name, NESTED.has(name) ? nested(value) : value]));
}

function nested(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nested);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => isPresent(member)));
}

/** Of a parameter that is repeated in the query, the first counts, as Ocean Provider has it. */
export function parameters(query: ParsedUrlQuery, body: Fields = {}): Fields {
  const first = Object.entries(query).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value] as const);
  return { ...withoutAbsent(body), ...withoutAbsent(Object.fromEntries(first)) };
}

/** The value with its type. Throws VALIDATION that names every bad field. */
export function checked<T>(validate: Validator<T>, value: unknown): T {
  const result = validate(value);
  if (result.ok) return result.value;
  throw new CapstanError('VALIDATION', 'Validation error', { fields: result.errors });
}
