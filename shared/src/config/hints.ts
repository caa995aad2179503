/** What a person may have meant by a setting that is refused, PURE. */
import type { TSchema } from 'typebox';
import { namesInPath, pathText } from '../schema/validate.ts';
import { either, placesOf, type SchemaNode } from './misplaced.ts';
import { nearest } from '../schema/nearest.ts';

/** A sentence for the setting at `path` (`gateway.prot`, `runner.environments[0].id`) with this value, or an empty text. */
export function hintFor(schema: TSchema, path: string, value: unknown): string {
  const names = namesInPath(path);
  const node = nodeAt(schema, names);
  if (node === undefined) return unknown(schema, names);
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

/** In another section, or misspelt. */
function unknown(schema: SchemaNode, names: readonly string[]): string {
  const parent = names.slice(0, -1);
  const name = names.at(-1) ?? '';
  const places = placesOf(schema, name, parent);
  const near = nearest(name, Object.keys(nodeAt(schema, parent)?.properties ?? {}));
  const meant = places.length > 0 ? places : near === undefined ? [] : [pathText([...parent, near])];
  return meant.length === 0 ? '' : ` Did you mean ${either(meant)}?`;
}

/** A sentence for a setting whose name in the file is a whole path (`runner.id`), which YAML takes for one word. */
export function dotted(path: string): string {
  const names = namesInPath(path);
  return ` Write ${names.at(-1)} in the section ${pathText(names.slice(0, -1))}: a name has no dots.`;
}

function nodeAt(schema: SchemaNode, names: readonly string[]): SchemaNode | undefined {
  return names.reduce<SchemaNode | undefined>((node, name) => {
    if (node?.properties) return Object.hasOwn(node.properties, name) ? node.properties[name] : undefined;
    return /^\d+$/.test(name) ? node?.items : undefined;
  }, schema);
}
