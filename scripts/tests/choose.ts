/** Which files the words of a command line mean, and how they are to be run. */
import { globSync, statSync } from 'node:fs';
import { join, normalize, relative } from 'node:path';
import { readMochaWords } from './mocha-words.ts';

/** What is run if nothing is named. */
export const KINDS = ['unit', 'simulation', 'conformance', 'integration', 'e2e', 'clients', 'algorithms'];

export interface Chosen {
  /** Relative to the root, each once. */
  readonly files: readonly string[];
  /** Named, but no file of tests. */
  readonly unknown: readonly string[];
  /** Mocha's own words, without the files. */
  readonly options: readonly string[];
  /** Whether it is for one mocha on the terminal: a single file, or an option that lanes can't follow. */
  readonly isPlain: boolean;
}

/** Whoever says one of these wants mocha itself: a debugger, another report, a list. */
const PLAIN_OPTIONS = ['inspect', 'inspect-brk', 'watch', 'parallel', 'dry-run', 'version', 'list-reporters'];

/** `words`: paths (files, folders, patterns) and options of mocha. */
export function chooseFiles(words: readonly string[], root: string): Chosen {
  const { paths, options } = readMochaWords(words);
  const named = paths.map((path) => ({ path, files: filesOf(path, root) }));
  const files = [
    ...new Set(
      paths.length === 0
        ? KINDS.flatMap((kind) => filesOf(join('test', kind), root))
        : named.flatMap((one) => one.files),
    ),
  ];
  const isPlain = PLAIN_OPTIONS.some((name) => options[name] !== undefined && options[name] !== false);
  return {
    files,
    unknown: named.filter((one) => one.files.length === 0).map(({ path }) => path),
    options: words.filter((word) => !paths.includes(word)),
    isPlain: isPlain || files.length === 1 || words.some((word) => /^(-R|--reporter$|--reporter=)/.test(word)),
  };
}

function filesOf(path: string, root: string): readonly string[] {
  const local = relative(root, join(root, normalize(path)));
  const pattern = isFolder(join(root, local)) ? join(local, '**', '*.test.ts') : local;
  return globSync(pattern, { cwd: root }).toSorted();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
