/** The largest value that a schema takes, PURE: of each text, list and object as much as it allows, and of a union its largest branch. */
import type { TSchema } from 'typebox';
import { compile } from '@capstan/shared/schema/validate';

/** What has no bound of its own is bounded by what it stands in. */
const UNBOUNDED_CHARS = 2_000;
const MOST_ITEMS = 2_000;

type Parts = Readonly<Record<string, unknown>>;

/** `share`: of what lists and texts may hold, so that all of it fits into a body. Throws for a form of text that it has no example of. */
export function largest(schema: TSchema, share = 1): unknown {
  const parts = schema as unknown as Parts;
  if ('const' in parts) return parts['const'];
  if (Array.isArray(parts['enum'])) return parts['enum'].at(-1);
  if (Array.isArray(parts['anyOf'])) {
    const branches = (parts['anyOf'] as readonly TSchema[]).map((branch) => largest(branch, share));
    return branches.toSorted((a, b) => sizeOf(a) - sizeOf(b)).at(-1);
  }
  switch (parts['type']) {
    case 'string':
      return largestText(schema, parts, share);
    case 'integer':
    case 'number':
      return numberOf(parts['maximum'], numberOf(parts['minimum'], 1));
    case 'boolean':
      return true;
    case 'array': {
      const most = Math.min(MOST_ITEMS, numberOf(parts['maxItems'], MOST_ITEMS));
      const count = Math.max(numberOf(parts['minItems'], 1), Math.floor(most * share));
      const item = largest(parts['items'] as TSchema, share);
      return Array.from({ length: count }, () => item);
    }
    case 'object': {
      const properties = Object.entries((parts['properties'] ?? {}) as Readonly<Record<string, TSchema>>);
      if (properties.length === 0) return { k: 'x'.repeat(Math.floor(UNBOUNDED_CHARS * share)) };
      return Object.fromEntries(properties.map(([name, inside]) => [name, largest(inside, share)]));
    }
    default:
      return 'x'.repeat(Math.floor(UNBOUNDED_CHARS * share));
  }
}

const sizeOf = (value: unknown) => JSON.stringify(value).length;
const numberOf = (value: unknown, otherwise: number) => (typeof value === 'number' ? value : otherwise);

const LENGTHS = [1_000_000, 100_000, 10_000, 132, 128, 66, 64, 42, 40, 32, 20, 16, 13, 10, 5, 3, 1];
const FORMS: readonly ((length: number) => string)[] = [
  (length) => 'x'.repeat(length),
  (length) => 'a'.repeat(length),
  (length) => '1'.repeat(length),
  (length) => `0x${'a'.repeat(Math.max(0, length - 2))}`,
  (length) => `did:op:${'a'.repeat(length)}`,
  (length) => `https://a.example/${'a'.repeat(Math.max(0, length - 18))}`,
];
const WORDS = ['now', 'true', 'start', '1.5', `04${'a'.repeat(128)}`, 'waiting,running,ended'];

function largestText(schema: TSchema, parts: Parts, share: number): string {
  const maxChars = Math.max(1, Math.floor(numberOf(parts['maxLength'], UNBOUNDED_CHARS) * share));
  const fits = compile(schema);
  const tried = [maxChars, ...LENGTHS].flatMap((length) => FORMS.map((form) => form(length)));
  const found = [...tried, ...WORDS].filter((text) => fits(text).ok);
  const best = found.toSorted((a, b) => a.length - b.length).findLast((text) => text.length <= maxChars) ?? found[0];
  if (best === undefined) throw new Error(`no example of a text like ${JSON.stringify(parts)}: add one here`);
  return best;
}
