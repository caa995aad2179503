/** `npm run doctor`: looks whether a node can work well on this machine, and says what to do where it can't. Changes nothing. */
import { configFileOf, isGiven, loadConfig } from '@capstan/shared/config/load';
import { loadRightSettings } from '@capstan/shared/config/right-settings';
import type { Config } from '@capstan/shared/config/schema';
import { messageOf } from '@capstan/shared/contract/errors';
import { examine } from './doctor/checks.ts';
import { bad, ok, table, type Finding } from './doctor/finding.ts';
import { readCommandLine } from './parts/command-line.ts';

const USAGE = `usage: npm run doctor [-- options]

Looks at this machine with the settings of capstan.yaml and CAPSTAN_ variables: configuration, data folder, container
engine (disk, inodes, networks, where images lie), GPUs, registries, NATS, port, public address, proxies, clock,
timers that clear away containers, and who can read the settings. Says for each whether it is well (✓), could be better (!) or must be mended (✗),
and what to do. Changes nothing.

  --json   the findings as JSON: level (ok, warn, bad), about, text, remedy
  --help   this text

The exit code is 1 if something must be mended.`;

const { values } = readCommandLine(USAGE, {
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
});
if (values.help) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const findings = await findAll();
  console.log(values.json ? JSON.stringify(findings, undefined, 2) : table(findings));
  process.exitCode = findings.some(({ level }) => level === 'bad') ? 1 : 0;
}

async function findAll(): Promise<readonly Finding[]> {
  const workingDir = process.cwd();
  const around = { configFile: configFileOf(process.env, workingDir), variables: process.env };
  let config: Config;
  try {
    config = loadConfig(process.env, workingDir);
  } catch (error) {
    const remedy = 'mend that; the rest was looked at without the settings that are wrong';
    const right = loadRightSettings(process.env, workingDir);
    const others = await examine({ ...around, config: right, isNatsGiven: false });
    return [bad('configuration', messageOf(error), remedy), ...others];
  }
  const isNatsGiven = isGiven('nats.servers', process.env, workingDir);
  return [ok('configuration', 'read, and free of problems'), ...(await examine({ ...around, config, isNatsGiven }))];
}
