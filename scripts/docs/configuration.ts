/** docs/configuration.md, PURE. */
import { sections, typeText, type Section, type SettingRow } from './settings.ts';

const HEAD = `# Configuration

A node needs no configuration to start. What you want otherwise goes into \`capstan.yaml\` in the working folder (another file:
\`CAPSTAN_CONFIG\`), or into environment variables, which win over the file. Both are read once, at the start; every problem is reported
together, with its key, its value and what is allowed, and the node does not start before all are mended. A setting that nobody knows is a
problem too, so a typing error can't pass unnoticed.

Any variable with \`_FILE\` after its name gives the value in a file instead: \`CAPSTAN_NODE_KEY_FILE=/run/secrets/node.key\`. Secrets of Docker and
Kubernetes come that way, and no list of processes shows them.

A list as a variable is JSON, or texts with commas between them. \`capstan.example.yaml\` shows the whole file with its defaults.

_This page is made from the schema by \`npm run docs\`._
`;

export function configurationPage(): string {
  return [HEAD, ...sections().map(sectionText)].join('\n');
}

function sectionText({ path, description, rows }: Section): string {
  const title = path === '' ? '## The node' : `## \`${path}\``;
  const table = [
    '| setting | variable | what | default | |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${cells(row).map(escaped).join(' | ')} |`),
  ];
  return [title, '', ...(description === '' ? [] : [description, '']), ...table, ''].join('\n');
}

function cells({ name, variable, node }: SettingRow): readonly string[] {
  return [
    `\`${name}\``,
    variable === undefined ? '' : `\`${variable}\``,
    typeText(node),
    node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``,
    node.description ?? '',
  ];
}

const escaped = (cell: string) => cell.replaceAll('|', '\\|');
