/**
 * Parameters that may come as JSON text, since a query holds nothing else: where the schemas of requests declare objects and lists, and
 * nowhere else. A text that is tried costs its parse, so a list with more than may stand there stays as it is, for validation to refuse,
 * and after some texts that were no JSON the rest stay text.
 */
import { ENDPOINTS, type Endpoint } from '@capstan/shared/contract/endpoints';
import { parseJson } from '@capstan/shared/runtime/json';
import type { TSchema } from 'typebox';

/** Clients that pack objects as text pack all of them well. */
const MOST_FAILED = 50;

type Place =
  | { readonly kind: 'object'; readonly members: Members }
  | { readonly kind: 'list'; readonly most: number; readonly item: Place | undefined }
  /** The caller's data, which stays as it is. */
  | { readonly kind: 'own' };
type Members = ReadonlyMap<string, Place>;

/** The parts of JSON Schema that tell a place. */
interface Shape {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly items?: TSchema;
  readonly maxItems?: number;
}

function placeOf({ type, properties, items, maxItems = 0 }: Shape): Place | undefined {
  if (items) return { kind: 'list', most: maxItems, item: placeOf(items) };
  if (properties) return { kind: 'object', members: membersOf(properties) };
  return type === 'object' ? { kind: 'own' } : undefined;
}

function membersOf(properties: Readonly<Record<string, TSchema>>): Members {
  const places = Object.entries(properties).map(([name, shape]) => [name, placeOf(shape)] as const);
  return new Map(places.flatMap(([name, place]) => (place ? [[name, place] as const] : [])));
}

/** Of all requests together whose parameters may come in a query: a name stands for the same in each. */
const PLACES: Members = new Map(
  Object.values<Endpoint>(ENDPOINTS)
    .filter(({ from, readsQuery }) => from === 'query' || from === 'query or body' || readsQuery === true)
    .flatMap(({ parameters = {} }) => {
      const { properties = {} }: Shape = parameters;
      return [...membersOf(properties)];
    }),
);

export const isPresent = (value: unknown) => value !== undefined && value !== null && value !== '';

/** Unpacks the members of one request. */
export type Unpack = (name: string, value: unknown) => unknown;

export function createUnpack(): Unpack {
  let failed = 0;

  const parsed = (value: unknown): unknown => {
    if (typeof value !== 'string' || failed >= MOST_FAILED || !/^\s*[{[]/.test(value)) return value;
    const read = parseJson(value);
    if (read === undefined) failed += 1;
    return read ?? value;
  };

  const unpacked = (value: unknown, place: Place | undefined): unknown => {
    if (!place) return value;
    const given = parsed(value);
    switch (place.kind) {
      case 'own':
        return given;
      case 'list':
        if (!Array.isArray(given) || given.length > place.most) return given;
        return given.map((each) => unpacked(each, place.item));
      case 'object': {
        if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
        const present = Object.entries(given).filter(([, member]) => isPresent(member));
        return Object.fromEntries(
          present.map(([name, member]) => [name, unpacked(member, place.members.get(name))] as const),
        );
      }
    }
  };

  return (name, value) => unpacked(value, PLACES.get(name));
}
