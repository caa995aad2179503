/** The settings as the docs need them: read from the schema, section by section, PURE. */
import { EnvironmentConfigSchema } from '@capstan/shared/config/environment';
import { ConfigSchema } from '@capstan/shared/config/schema';
import { settings } from '@capstan/shared/config/variables';

/** What the docs read of a JSON schema. */
export interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

export interface SettingRow {
  /** `port`; its section stands above it. */
  readonly name: string;
  readonly path: string;
  /** Absent for the settings of an environment, which are given together. */
  readonly variable: string | undefined;
  readonly node: Node;
}

export interface Section {
  /** `runner.fetch`; empty for the settings beside the sections. */
  readonly path: string;
  readonly description: string;
  readonly rows: readonly SettingRow[];
}

const variables = new Map(settings(ConfigSchema).map(({ path, variable }) => [path.join('.'), variable]));

/** All sections, outer ones first; the last one holds the settings of each environment. */
export function sections(): readonly Section[] {
  const environment: Node = {
    ...(EnvironmentConfigSchema as Node),
    description: 'Each entry of `runner.environments`. As a variable, the whole list is given as JSON.',
  };
  return [...sectionsOf(ConfigSchema as Node, ''), ...sectionsOf(environment, 'runner.environments[]')];
}

function sectionsOf(node: Node, path: string): readonly Section[] {
  const children = Object.entries(node.properties ?? {}).map(([name, child]) => ({
    name,
    path: path === '' ? name : `${path}.${name}`,
    node: child,
  }));
  const rows = children
    .filter((child) => child.node.type !== 'object')
    .map((child) => ({ ...child, variable: variables.get(child.path) }));
  const inner = children.filter((child) => child.node.type === 'object');
  return [
    { path, description: node.description ?? '', rows },
    ...inner.flatMap((child) => sectionsOf(child.node, child.path)),
  ];
}

/** What may be given, in a few words. */
export function typeText(node: Node): string {
  if (node.anyOf) return node.anyOf.map(({ const: word }) => `\`${String(word)}\``).join(' or ');
  if (node.type === 'array') return node.items?.type === 'object' ? 'list of sections' : 'list of texts';
  const type = { string: 'text', integer: 'whole number', number: 'number', boolean: '`true` or `false`' }[
    node.type ?? ''
  ];
  const limits = [
    ...(node.minimum === undefined ? [] : [`from ${node.minimum}`]),
    ...(node.exclusiveMinimum === undefined ? [] : [`above ${node.exclusiveMinimum}`]),
    ...(node.maximum === undefined ? [] : [`to ${node.maximum}`]),
  ];
  return [type ?? 'anything', ...limits].join(' ');
}
