/**
 * What others send, at the border, PURE: a value that fits its schema, cut to what the schema declares. A field that is not declared is
 * ignored, which is to say: nothing inside ever sees it. What the schema leaves open, such as `userdata`, is the sender's own and stays.
 */
import type { Static, TSchema } from 'typebox';
import { compile, type CompileOptions, type FieldErrors, type Validator } from './validate.ts';

/** Copies what is declared; notes the paths of texts that are none. */
type Cut = (value: unknown, path: string, broken: string[]) => unknown;

/** Like `compile`, for requests and frames of clients. */
export function compileInput<Schema extends TSchema>(
  schema: Schema,
  options: CompileOptions = {},
): Validator<Static<Schema>> {
  const validate = compile(schema, options);
  const cut = cutFor(schema);
  return (given) => {
    const checked = validate(given);
    if (!checked.ok) return checked;
    const broken: string[] = [];
    const value = cut(given, '', broken);
    return broken.length === 0
      ? { ok: true, value: value as Static<Schema> }
      : { ok: false, errors: brokenTexts(broken) };
  };
}

/** The parts of JSON Schema that inputs are written in. */
interface Shape {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

function cutFor(schema: Shape): Cut {
  const { properties, items, anyOf } = schema;
  if (anyOf) {
    // Which branch fits would have to be found again.
    if (anyOf.some((branch) => branch.properties ?? branch.items)) throw new Error('An input is no union of objects.');
    return text;
  }
  if (properties) return objectOf(Object.entries(properties).map(([name, each]) => [name, cutFor(each)] as const));
  if (items) return listOf(cutFor(items));
  return schema.type === 'string' ? text : (value) => value;
}

function objectOf(members: readonly (readonly [name: string, cut: Cut])[]): Cut {
  return (value, path, broken) => {
    const given = value as Readonly<Record<string, unknown>>;
    const kept: Record<string, unknown> = {};
    for (const [name, cut] of members) {
      if (Object.hasOwn(given, name) && given[name] !== undefined)
        kept[name] = cut(given[name], path === '' ? name : `${path}.${name}`, broken);
    }
    return kept;
  };
}

function listOf(cut: Cut): Cut {
  return (value, path, broken) => (value as readonly unknown[]).map((each, i) => cut(each, `${path}[${i}]`, broken));
}

/** Half of a surrogate pair stands for no character: it can be neither signed, nor stored, nor sent on as it came. */
const text: Cut = (value, path, broken) => {
  if (typeof value === 'string' && !value.isWellFormed()) broken.push(path);
  return value;
};

function brokenTexts(paths: readonly string[]): FieldErrors {
  return Object.fromEntries(
    paths.map((path) => [path, [`The ${path} field must be text: it holds half a character.`]]),
  );
}
