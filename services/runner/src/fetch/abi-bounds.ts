/**
 * How large a contract's types may be, PURE. An asset's owner writes them, and readers make room for what is declared before they look
 * whether it is there: `uint8[400000000]` takes three bytes to say.
 */
import { CapstanError } from '@capstan/shared/contract/errors';

/** As JSON has it; what is nested is looked into here. */
export interface AbiParameter {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly components?: unknown;
}

const MAX_DEPTH = 16;
const MAX_PARAMETERS = 1_000;
const MAX_TYPE_LENGTH = 256;
/** Of fixed arrays, multiplied where they are nested. */
const MAX_DECLARED_VALUES = 100_000;

/** Throws FETCH_FAILED if there is more than that. */
export function requireModestTypes(...lists: readonly (readonly AbiParameter[] | undefined)[]): void {
  const counted = { parameters: 0 };
  let values = 0;
  for (const list of lists) for (const parameter of list ?? []) values += valuesOf(parameter, 1, counted);
  if (values > MAX_DECLARED_VALUES) throw tooLarge();
}

const tooLarge = () =>
  new CapstanError('FETCH_FAILED', "its contract's function takes or returns more than this node reads");

/** How many values there are at least room for. */
function valuesOf(parameter: unknown, depth: number, counted: { parameters: number }): number {
  counted.parameters += 1;
  if (counted.parameters > MAX_PARAMETERS || depth > MAX_DEPTH) throw tooLarge();
  const { type, components } = asParameter(parameter);
  if (typeof type !== 'string' || type.length > MAX_TYPE_LENGTH) throw tooLarge();
  const lengths = [...type.matchAll(/\[(\d*)\]/g)].map(([, length]) => (length === '' ? 1 : Number(length)));
  if (lengths.length > MAX_DEPTH) throw tooLarge();
  // Also what holds nothing: as many of it are made as are declared.
  let each = 1;
  for (const component of Array.isArray(components) ? components : []) each += valuesOf(component, depth + 1, counted);
  return lengths.reduce((product, length) => product * Math.max(1, length), each);
}

const asParameter = (value: unknown): AbiParameter => (typeof value === 'object' && value !== null ? value : {});
