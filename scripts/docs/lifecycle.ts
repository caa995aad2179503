/** docs/lifecycle.md, PURE. */
import { isMove } from '@capstan/shared/contract/lifecycle';
import { isEnding, isStatusCode, STATUS_ROWS, type StatusCode, type StatusRow } from '@capstan/shared/contract/status';

const HEAD = `# The life of a job

A job moves along one table, \`shared/src/contract/status.ts\`. Gateway and runner decide by the same function over it
(\`lifecycle.ts\`): a status is only ever left for one further on, a run has exactly one ending, and an event that comes twice, late or out of
order changes nothing.

![The way of a job, from Warming up to its ending](lifecycle.svg)

_This page and the drawing are made from the table by \`npm run docs\`._

Events say enough to set the state by themselves, so a status may be skipped when the events before it were lost with the broker: an
ending may come from every status up to the one named here. When the engine has lost a container, a new attempt begins at
\`10\`, three at most; events of another run, after the ending, or of an older attempt are ignored and counted. Only an
ending counts whichever attempt tells it: a runner that lost its memory counts attempts from one again.
`;

export function lifecyclePage(): string {
  const progress = STATUS_ROWS.filter((row) => row.endsFromRank === undefined);
  const endings = STATUS_ROWS.filter((row) => row.endsFromRank !== undefined);
  return [
    HEAD,
    '## On the way',
    '',
    '| code | text | |',
    '| --- | --- | --- |',
    ...progress.map(({ code, text, about }) => `| ${code} | ${text} | ${about} |`),
    '',
    '## Endings',
    '',
    '| code | text | last status it may follow | |',
    '| --- | --- | --- | --- |',
    ...endings.map((row) => `| ${row.code} | ${row.text} | ${lastBefore(row, progress)} | ${row.about} |`),
    '',
    '## What may follow what',
    '',
    'Within one attempt; rows are the status a job is in, columns the one it may go to.',
    '',
    ...matrix(),
    '',
  ].join('\n');
}

function lastBefore({ endsFromRank }: StatusRow, progress: readonly StatusRow[]): string {
  const last = progress.find(({ rank }) => rank === endsFromRank);
  return last ? `${last.code} ${last.text}` : '';
}

function matrix(): readonly string[] {
  const codes = STATUS_ROWS.map(({ code }) => code).filter(isStatusCode);
  const targets = codes.filter((code) => code !== 1);
  const mark = (from: StatusCode, to: StatusCode) => (isMove(from, to) ? '●' : '');
  return [
    `| | ${targets.join(' | ')} |`,
    `| --- |${' :-: |'.repeat(targets.length)}`,
    ...codes
      .filter((code) => !isEnding(code))
      .map((from) => `| **${from}** | ${targets.map((to) => mark(from, to)).join(' | ')} |`),
  ];
}
