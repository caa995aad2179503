/** A request's parameters: from the query first, then from the body what the query lacks. An empty or null one counts as absent. */
import type { ParsedUrlQuery } from 'node:querystring';
import type { RouterContext } from '@koa/router';
import { CapstanError } from '@capstan/shared/errors';
import type { FieldErrors, Validator } from '@capstan/shared/validate';

type Fields = Readonly<Record<string, unknown>>;

/** The members that hold parameters of their own. Anything else is the caller's data and stays as it is. */
const NESTED = new Set(['dataset', 'algorithm', 'additionalDatasets', 'datasets', 'compute', 'resources']);

const isPresent = (value: unknown) => value !== undefined && value !== null && value !== '';

function nested(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nested);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => isPresent(member)));
}

/** Of a parameter that is repeated in the query, the first counts, as Ocean Provider has it. */
export function parameters(query: ParsedUrlQuery, body: Fields = {}): Fields {
  // Without a prototype: a parameter may be called `__proto__`.
  const present = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(body)) {
    if (isPresent(value)) present[name] = NESTED.has(name) ? nested(value) : value;
  }
  for (const [name, given] of Object.entries(query)) {
    const value = Array.isArray(given) ? given[0] : given;
    if (isPresent(value)) present[name] = value;
  }
  return present;
}

/** The value with its type. Throws VALIDATION that names every bad field. */
export function checked<T>(validate: Validator<T>, value: unknown): T {
  const result = validate(value);
  if (result.ok) return result.value;
  throw invalid(result.errors);
}

/** The same for a request that is signed, or that brings a token instead of its signature. */
export function checkedSigned<T extends { readonly signature?: string }>(
  validate: Validator<T>,
  value: unknown,
  ctx: RouterContext,
): T & { readonly token?: string } {
  const token = ctx.get('AuthToken');
  const result = validate(value);
  const isUnsigned = token === '' && !Object.hasOwn(value as object, 'signature');
  const missing = isUnsigned ? { signature: ['The signature field is required.'] } : {};
  if (!result.ok) throw invalid({ ...missing, ...result.errors });
  if (isUnsigned) throw invalid(missing);
  return token === '' ? result.value : { ...result.value, token };
}

function invalid(fields: FieldErrors): CapstanError {
  return new CapstanError('VALIDATION', 'Validation error', { fields });
}
