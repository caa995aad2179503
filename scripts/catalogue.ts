/** `npm run catalogue`: what this node offers to consumers. */
import { configOfProcess, dataPaths, nodeKeyOf } from '@capstan/shared/config/process';
import { CapstanError, systemCode } from '@capstan/shared/errors';
import { openCatalogue } from './catalogue/catalogue.ts';
import { COMMANDS } from './catalogue/commands.ts';
import { USAGE, UsageError } from './catalogue/usage.ts';

const words = process.argv.slice(2);
const isJson = words.includes('--json');
const [name = 'help', ...rest] = words.filter((word) => word !== '--json');

if (['help', '--help', '-h'].includes(name) || rest.includes('--help')) console.log(USAGE);
else await run();

async function run(): Promise<void> {
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) throw new UsageError(`There is no command ${name}.\n\n${USAGE}`);
    const config = configOfProcess();
    const catalogue = openCatalogue({
      dir: dataPaths(config).catalogue,
      key: await nodeKeyOf(config),
      chainId: config.gateway.chainId,
    });
    const environment = config.runner.environments[0]?.id ?? 'local';
    // npm runs us in the project's folder and says where the person is.
    const workingDir = process.env.INIT_CWD ?? process.cwd();
    const { text, json } = await command(rest, { catalogue, workingDir, environment });
    console.log(isJson ? JSON.stringify(json) : text);
  } catch (error) {
    if (!isOurs(error)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** Whether a person can act on its message alone. */
function isOurs(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof CapstanError) return true;
  return error instanceof Error && (systemCode(error)?.startsWith('ERR_PARSE_ARGS') ?? false);
}
