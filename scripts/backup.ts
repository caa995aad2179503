/** `npm run backup`: a copy of what the node keeps, also while it runs. */
import { configFileOfProcess } from '@capstan/shared/config/process';
import { counted } from '@capstan/shared/contract/counted';
import { MB } from '@capstan/shared/contract/sizes';
import type { Contents } from './backup/contents.ts';
import { keyToKeep, leftOutOf } from './backup/left-out.ts';
import { makeBackup } from './backup/make.ts';
import { runCommand } from './backup/command.ts';
import { readCommandLine } from './parts/command-line.ts';

const USAGE = `usage: npm run backup -- <folder> [--results]

Makes a new folder in <folder> with a copy of the store, of the node's keys, of the catalogue and of capstan.yaml, and says what a new machine
needs beside it. The node may run: the copy is the store as it is at one
moment, and jobs go on meanwhile. Keep it safe: whoever has the keys can read what was encrypted to the node.

  --results   copy the results, too; they can be large

Bring it back with npm run restore. Run by cron, for example:
  0 4 * * *  cd /srv/capstan && npm run --silent backup -- /backups`;

const notes = ({ leftOut = [] }: Contents) => leftOut.map((each) => `\n  not in it: ${each}`).join('');

const { values, positionals } = readCommandLine(USAGE, {
  allowPositionals: true,
  options: { results: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
});
const [into] = positionals;

if (values.help || into === undefined) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  await runCommand(async ({ at, config, ...context }) => {
    const hasResults = values.results;
    const configFile = configFileOfProcess();
    const { dir, contents, isOnline } = await makeBackup({
      ...context,
      into: at(into),
      hasResults,
      key: await keyToKeep(config),
      configFile,
      leftOut: leftOutOf(config, { hasResults, variables: process.env }),
    });
    const bytes = contents.files.reduce((sum, file) => sum + file.bytes, 0);
    const how = isOnline ? 'while the node runs' : 'of a node that does not run';
    return `${dir}: ${counted(contents.files.length, 'file')}, ${(bytes / MB).toFixed(1)} MB, taken ${how}${values.results ? '' : ', without results'}${notes(contents)}`;
  });
}
