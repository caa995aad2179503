/** `npm run restore`: brings back what a backup holds. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '@capstan/shared/config/schema';
import { nodeKeyOf } from '@capstan/shared/config/process';
import { counted } from '@capstan/shared/contract/counted';
import { CONFIG_FILE } from './backup/contents.ts';
import { restoreBackup } from './backup/restore.ts';
import { runCommand } from './backup/command.ts';
import { isGatewayContainer } from './parts/gateway-container.ts';
import { readCommandLine } from './parts/command-line.ts';

const USAGE = `usage: npm run restore -- <backup> [--replace]

Checks the backup (every file against its SHA-256), then puts store, keys, catalogue and, where it holds them, results into the data folder. Stop the node first.

  --replace   where there is a node already: move what is there into a folder before-restore-…, and go on

All of it is prepared and checked beside what is there, and then put in its place as one act: a restore that fails, or is killed, changes nothing
(run it again, and it undoes what was begun).

What happened after the backup is not in it. So that nothing that was signed since takes effect twice, every nonce leaps to now, tokens are made anew, and
orders are looked up again; jobs that were deleted since stay deleted if the store that is replaced can still be read.`;

const { values, positionals } = readCommandLine(USAGE, {
  allowPositionals: true,
  options: { replace: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
});
const [from] = positionals;

if (values.help || from === undefined) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  await runCommand(async ({ at, config, ...context }) => {
    const givenKey = config.nodeKey === undefined ? undefined : await nodeKeyOf(config);
    const restored = await restoreBackup({ ...context, givenKey, from: at(from), mayReplace: values.replace });
    const { contents, movedTo, marked } = restored;
    const lines = [
      `${context.dataDir} is as it was at ${contents.madeAt}${contents.hasResults ? '' : ', without results'}. Start the node with: ${startCommand(config)}`,
      'Tokens of before count no more, and every nonce has leapt to now.',
      ...(marked.deletedJobs > 0
        ? [
            `${counted(marked.deletedJobs, 'job that was deleted since is', 'jobs that were deleted since are')} gone again.`,
          ]
        : []),
      ...(contents.files.some(({ path }) => path === CONFIG_FILE)
        ? [`Its settings are in ${join(at(from), CONFIG_FILE)}: compare them with those of this machine.`]
        : []),
      ...(contents.leftOut ?? []).map((each) => `not in it: ${each}`),
      ...movedTo.map((each) => `What was there is in ${each}; delete it once all is well.`),
    ];
    return lines.join('\n');
  });
}

/** With what said where the node is: without it, another folder would be started. In containers the node is not started from here. */
function startCommand(config: Config): string {
  if (isGatewayContainer(config, existsSync)) return 'docker compose start gateway runner';
  const given = ['CAPSTAN_CONFIG', 'CAPSTAN_DATA_DIR'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined || value === '' ? [] : [`${name}=${value} `];
  });
  return `${given.join('')}npm start`;
}
