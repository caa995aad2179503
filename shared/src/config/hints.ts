/** What a person may have meant by a setting that is refused, PURE. */
import type { TSchema } from 'typebox';
import { nearest } from './nearest.ts';

interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly pattern?: string;
}

/** A sentence for the setting at `path` (`gateway.prot`, `runner.environments.0.id`) with this value, or an empty text. */
export function hintFor(schema: TSchema, path: string, value: unknown): string {
  const names = path.split('.');
  const node = nodeAt(schema, names);
  if (node === undefined) return misspelt(schema, names);
  // YAML reads 0x… without quotes as a number, and most of its digits are lost.
  if (node.type === 'string' && typeof value === 'number') {
    return value >= 2 ** 53
      ? ' YAML reads what begins with 0x as a number: put the address in quotes.'
      : ' It was read as a number: put it in quotes.';
  }
  return typeof value === 'string' ? address(node, value) : '';
}

/** Without its scheme, or with a slash too many. */
function address({ pattern = '' }: SchemaNode, value: string): string {
  if (!pattern.startsWith('^https?://')) return '';
  const meant = `${/^[a-z]+:\/\//.test(value) ? '' : 'https://'}${value.replace(/\/+$/, '')}`;
  return new RegExp(pattern).test(meant) ? ` Did you mean ${meant}?` : '';
}

function misspelt(schema: SchemaNode, names: readonly string[]): string {
  const parent = nodeAt(schema, names.slice(0, -1));
  const meant = nearest(names.at(-1) ?? '', Object.keys(parent?.properties ?? {}));
  return meant === undefined ? '' : ` Did you mean ${[...names.slice(0, -1), meant].join('.')}?`;
}

function nodeAt(schema: SchemaNode, names: readonly string[]): SchemaNode | undefined {
  return names.reduce<SchemaNode | undefined>((node, name) => {
    if (node?.properties) return Object.hasOwn(node.properties, name) ? node.properties[name] : undefined;
    return /^\d+$/.test(name) ? node?.items : undefined;
  }, schema);
}
