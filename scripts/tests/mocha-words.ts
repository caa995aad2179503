/** How mocha reads its command line and .mocharc.json. */
import { loadOptions } from 'mocha/lib/cli/options.cjs';

export interface MochaWords {
  /** The words that are no option, and no option's value. */
  readonly paths: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

export function readMochaWords(words: readonly string[]): MochaWords {
  const { _: paths, ...options } = loadOptions(words);
  return { paths: paths.map(String), options };
}
