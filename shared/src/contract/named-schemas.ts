/** Names for the schemas of a description, PURE: whoever makes types of it gets `Job` and `Environment`, not the same members again and again. */

type Json = Readonly<Record<string, unknown>>;

export interface Named {
  readonly value: unknown;
  /** Those that were found, by their names; for `components.schemas`. */
  readonly schemas: Json;
}

/** Puts a reference wherever one of these very schemas stands. */
export function withNames(value: unknown, schemasByName: Readonly<Record<string, object>>): Named {
  const names = new Map(Object.entries(schemasByName).map(([name, schema]) => [schema, name]));
  // A member that may be absent is a copy of its schema. Where two are alike, the first name will do.
  const namesByText = new Map<string, string>();
  for (const [name, schema] of Object.entries(schemasByName)) {
    const text = JSON.stringify(schema);
    if (!namesByText.has(text)) namesByText.set(text, name);
  }
  const schemas: Record<string, unknown> = {};
  const members = (each: object) =>
    Object.fromEntries(Object.entries(each).map(([key, member]) => [key, walk(member)]));
  const walk = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(walk);
    if (typeof each !== 'object' || each === null) return each;
    const name = names.get(each) ?? namesByText.get(JSON.stringify(each));
    if (name === undefined) return members(each);
    if (!Object.hasOwn(schemas, name)) {
      // Before its members: one may be the schema itself.
      schemas[name] = undefined;
      schemas[name] = members(each);
    }
    return { $ref: `#/components/schemas/${name}` };
  };
  const walked = walk(value);
  return { value: walked, schemas };
}
