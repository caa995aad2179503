/** Reads the words of a command. What is wrong with them is one sentence and the usage on stderr, and the process ends with 2. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { nearest } from '@capstan/shared/schema/nearest';
import { messageOf, systemCode } from '@capstan/shared/contract/errors';

/** As `parseArgs` of Node, for a person. */
export function readCommandLine<const T extends ParseArgsConfig>(
  usage: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  endWithoutReader();
  try {
    return parseArgs(config);
  } catch (error) {
    const problem = commandLineProblem(error, config);
    if (problem === undefined) throw error;
    console.error(`${problem}\n\n${usage}`);
    process.exit(2);
  }
}

/** What is wrong with the words, as a sentence; undefined for an error that is not about them. */
export function commandLineProblem(error: unknown, { args, options = {} }: ParseArgsConfig): string | undefined {
  const code = systemCode(error);
  if (code?.startsWith('ERR_PARSE_ARGS') !== true) return undefined;
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const unknown = tokens.find((token) => token.kind === 'option' && !Object.hasOwn(options, token.name));
    if (unknown?.kind !== 'option') return messageOf(error);
    const meant = nearest(unknown.name, Object.keys(options));
    return `There is no option ${unknown.rawName}.${meant === undefined ? '' : ` Did you mean --${meant}?`}`;
  }
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    const word = tokens.find(({ kind }) => kind === 'positional');
    return word?.kind === 'positional'
      ? `"${word.value}" means nothing here: this command takes options only.`
      : messageOf(error);
  }
  return messageOf(error);
}

/** Whoever read our output may be gone (`| head`): there is nobody left to tell. */
export function endWithoutReader(end: () => void = () => process.exit()): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      end();
    });
  }
}
