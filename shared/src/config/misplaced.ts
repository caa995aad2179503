/** Where a setting belongs that stands in another section, PURE. */
import { pathText } from '../schema/validate.ts';
import type { Setting } from './variables.ts';

export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly pattern?: string;
}

/** Of a name that stands in more sections than these, nobody knows which was meant. */
const MOST_PLACES = 3;

/** The settings of this name, as paths: `runner.environments[].maxJobs`; of a list that `parent` leads into, with the member's number. */
export function placesOf(schema: SchemaNode, name: string, parent: readonly string[]): readonly string[] {
  const inside = pathText(parent);
  const anyMember = inside.replaceAll(/\[\d+\]/g, '[]');
  const found = pathsTo(schema, name.toLowerCase(), '').map((path) =>
    inside !== '' && path.startsWith(`${anyMember}.`) ? inside + path.slice(anyMember.length) : path,
  );
  return found.length > MOST_PLACES ? [] : found;
}

function pathsTo(node: SchemaNode, name: string, above: string): readonly string[] {
  const below = Object.entries(node.properties ?? {}).flatMap(([each, child]) => {
    const path = above === '' ? each : `${above}.${each}`;
    return [...(each.toLowerCase() === name ? [path] : []), ...pathsTo(child, name, path)];
  });
  return node.items === undefined ? below : [...below, ...pathsTo(node.items, name, `${above}[]`)];
}

/** The variables whose setting is named like the end of this one, the longest such name alone. */
export function variablesLike(variable: string, known: readonly Setting[]): readonly string[] {
  const words = ({ path }: Setting) =>
    path
      .at(-1)
      ?.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toUpperCase() ?? '';
  const alike = known.filter((setting) => variable.endsWith(`_${words(setting)}`));
  const longest = Math.max(0, ...alike.map((setting) => words(setting).length));
  const found = alike.filter((setting) => words(setting).length === longest).map((setting) => setting.variable);
  return found.length > MOST_PLACES ? [] : found;
}

/** `a`, `a or b`, `a, b or c`. */
export const either = (words: readonly string[]): string =>
  [words.slice(0, -1).join(', '), ...words.slice(-1)].filter((each) => each !== '').join(' or ');
