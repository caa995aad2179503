/** capstan.example.yaml: every setting with its default, commented out, PURE. */
import { sections, type Section, type SettingRow } from './settings.ts';

const WIDTH = 110;
const HEAD = `# Settings of a Capstan node, each with its default. Copy what you change to capstan.yaml and take the # away
# (of the section's name above it, too). docs/configuration.md says the same with types and variables.
# Made by npm run docs.
`;

export function exampleFile(): string {
  return [HEAD, ...sections().map(sectionText)].join('\n');
}

function sectionText({ path, description, rows }: Section): string {
  if (path.endsWith('[]')) return environmentText(path, rows);
  // A part of an environment that is there only with settings of its own.
  if (path.includes('[].'))
    return [...comment(description, 3), `${indent(3)}#${lastOf(path)}: # not set`, ''].join('\n');
  const depth = path === '' ? 0 : path.split('.').length;
  const title = path === '' ? [] : [...comment(description, depth - 1), `${indent(depth - 1)}#${lastOf(path)}:`];
  // Environments are spelled out below, in a section of their own.
  const plain = rows.filter(({ node }) => node.items?.type !== 'object');
  return [...title, ...plain.flatMap((row) => settingLines(row, depth)), ''].join('\n');
}

function environmentText(path: string, rows: readonly SettingRow[]): string {
  const lines = rows.flatMap((row) => settingLines(row, 3));
  const first = lines.findIndex((line) => /^ *#\w/.test(line));
  const listed = lines.map((line, index) => (index === first ? line.replace(/^ {2}( *)#/, '$1#- ') : line));
  const name = lastOf(path.replace('[]', ''));
  return [...comment('What consumers can choose to run in, a list.', 1), `${indent(1)}#${name}:`, ...listed, ''].join(
    '\n',
  );
}

function settingLines({ name, node }: SettingRow, depth: number): readonly string[] {
  const about = comment(node.description ?? '', depth);
  return node.default === undefined
    ? [...about, `${indent(depth)}#${name}: # not set`]
    : [...about, `${indent(depth)}#${name}: ${JSON.stringify(node.default)}`];
}

const indent = (depth: number) => '  '.repeat(depth);
const lastOf = (path: string) => path.split('.').at(-1) ?? '';

function comment(text: string, depth: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`${indent(depth)}# ${word}`);
  }
  return lines;
}
