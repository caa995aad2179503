/** The environment-variable form of each setting, PURE: `gateway.statusAccess` is `CAPSTAN_GATEWAY_STATUS_ACCESS`. */
import type { TSchema } from 'typebox';

export const PREFIX = 'CAPSTAN_';
/** A setting's variable with this at its end names a file that holds the value: how secrets are handed to containers. */
export const FROM_FILE = '_FILE';
/** Variables that are not settings. */
export const RESERVED: readonly string[] = ['CAPSTAN_CONFIG'];

interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

export interface Setting {
  readonly path: readonly string[];
  readonly variable: string;
  readonly schema: SchemaNode;
}

const snake = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

/** Every setting that a variable can give: the leaves of the schema. A list or a list of objects is one leaf, given as JSON. */
export function settings(schema: TSchema, path: readonly string[] = []): readonly Setting[] {
  const node = schema as SchemaNode;
  if (node.type === 'object' && node.properties) {
    return Object.entries(node.properties).flatMap(([key, child]) => settings(child as TSchema, [...path, key]));
  }
  return [{ path, variable: PREFIX + path.map(snake).join('_'), schema: node }];
}

/** A variable's text as the value that its schema asks for; text that does not fit is handed on, for the validator to refuse. */
export function parseVariable(setting: Setting, text: string): unknown {
  switch (setting.schema.type) {
    case 'number':
    case 'integer':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'array':
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return text.split(',').map((item) => item.trim());
      }
    default:
      return text;
  }
}
