import { parseArgs, type ParseArgsConfig } from 'node:util';
import { commandLineProblem } from '../parts/command-line.ts';
import { UsageError } from './usage.ts';

/** The words of a command as they are meant. Throws UsageError for an option that there is not. */
export function wordsOf<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const problem = commandLineProblem(error, config);
    if (problem === undefined) throw error;
    throw new UsageError(problem, { cause: error });
  }
}
