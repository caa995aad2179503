/** What `npm run backup` and `npm run restore` have in common: settings, paths where the person is, errors a person can act on. */
import { resolve } from 'node:path';
import type { Config } from '@capstan/shared/config/schema';
import { configOfProcess, dataPaths, type DataPaths } from '@capstan/shared/config/process';
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';

export interface CommandContext {
  readonly paths: DataPaths;
  readonly config: Config;
  readonly dataDir: string;
  readonly now: Date;
  /** A path as the person typed it. */
  readonly at: (path: string) => string;
}

/** Runs `work`; its text goes to the terminal, and what went wrong as a sentence. */
export async function runCommand(work: (context: CommandContext) => Promise<string>): Promise<void> {
  const config = configOfProcess();
  // npm runs us in the project's folder and says where the person is.
  const workingDir = process.env.INIT_CWD ?? process.cwd();
  try {
    const context = {
      config,
      paths: dataPaths(config),
      dataDir: config.dataDir,
      now: new Date(),
      at: (path: string) => resolve(workingDir, path),
    };
    console.log(await work(context));
  } catch (error) {
    console.error(saidOf(error));
    process.exitCode = 1;
  }
}

/** What we say of a failure is whole; of what is told by others, the cause says more. */
function saidOf(error: unknown): string {
  const isWhole = error instanceof CapstanError || !(error instanceof Error) || !(error.cause instanceof Error);
  return isWhole ? messageOf(error) : `${error.message} ${messageOf(error.cause)}`;
}
