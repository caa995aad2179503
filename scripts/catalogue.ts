/** `npm run catalogue`: what this node offers to consumers. */
import { createInterface } from 'node:readline/promises';
import { nearest } from '@capstan/shared/schema/nearest';
import { configOfProcess, dataPaths, nodeKeyOf } from '@capstan/shared/config/process';
import type { Config } from '@capstan/shared/config/schema';
import { CapstanError, systemCode } from '@capstan/shared/contract/errors';
import { openCatalogue } from './catalogue/catalogue.ts';
import { COMMANDS } from './catalogue/commands.ts';
import { USAGE, UsageError } from './catalogue/usage.ts';
import { endWithoutReader } from './parts/command-line.ts';
import { givingTo, ownerToGiveTo } from './parts/give-to-owner.ts';

endWithoutReader();
const words = process.argv.slice(2);
const isJson = words.includes('--json');
const [command = 'help', ...rest] = words.filter((word) => word !== '--json');

if (['help', '--help', '-h'].includes(command) || rest.includes('--help')) console.log(USAGE);
else await run();

function meant(word: string): string {
  const near = nearest(word, Object.keys(COMMANDS));
  return near === undefined ? '' : ` Did you mean ${near}?`;
}

async function run(): Promise<void> {
  try {
    const work = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
    if (work === undefined) throw new UsageError(`There is no command ${command}.${meant(command)}\n\n${USAGE}`);
    const config = configOfProcess();
    const { catalogue: dir, nodeKey } = dataPaths(config);
    const owner = await ownerToGiveTo(config.dataDir);
    const catalogue = openCatalogue({
      dir,
      key: await nodeKeyOf(config),
      chainId: config.gateway.chainId,
    });
    const environment = () => anEnvironment(config);
    // npm runs us in the project's folder and says where the person is.
    const workingDir = process.env.INIT_CWD ?? process.cwd();
    const { text, json } = await givingTo(owner, [nodeKey, dir], () =>
      work(rest, { catalogue, workingDir, environment, confirm }),
    );
    console.log(isJson ? JSON.stringify(json) : text);
  } catch (error) {
    if (!isOurs(error)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** One that the running node offers; while it does not run, the first of its settings. */
async function anEnvironment({ gateway, runner }: Config): Promise<string> {
  const configured = runner.environments[0]?.id ?? 'local';
  try {
    const url = `http://${gateway.host.includes(':') ? `[${gateway.host}]` : gateway.host}:${gateway.port}`;
    const answer = await fetch(`${url}/api/services/computeEnvironments?chainId=${gateway.chainId}`, {
      signal: AbortSignal.timeout(1_000),
    });
    const [first] = (await answer.json()) as readonly { readonly id?: string }[];
    return first?.id ?? configured;
  } catch {
    return configured;
  }
}

async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** Whether a person can act on its message alone. */
function isOurs(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof CapstanError) return true;
  return error instanceof Error && (systemCode(error)?.startsWith('ERR_PARSE_ARGS') ?? false);
}
