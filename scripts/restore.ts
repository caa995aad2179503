/** `npm run restore`: brings back what a backup holds. */
import { parseArgs } from 'node:util';
import { restoreBackup } from './backup/restore.ts';
import { runCommand } from './backup/command.ts';

const USAGE = `usage: npm run restore -- <backup> [--replace]

Checks the backup (every file against its SHA-256), then puts store, keys, catalogue and, where it holds them, results into the data folder. Stop the node first.

  --replace   where there is a node already: move what is there into a folder before-restore-…, and go on

What happened after the backup is not in it. Jobs that were accepted since are unknown, and nonces that were used since count as unused: a signed request of that time
could be sent once more. Clients with live subscriptions get a reset and a new snapshot.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { replace: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
});
const [from] = positionals;

if (values.help || from === undefined) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  await runCommand(async ({ at, ...context }) => {
    const { contents, movedTo } = await restoreBackup({ ...context, from: at(from), mayReplace: values.replace });
    const aside = movedTo === undefined ? '' : `\nWhat was there is in ${movedTo}; delete it once all is well.`;
    return `${context.dataDir} is as it was at ${contents.madeAt}${contents.hasResults ? '' : ', without results'}. Start the node with: npm start${aside}`;
  });
}
