/** The source files that the import rules are for. Which of them are PURE, they say themselves in their first comment. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceFile } from './restrictions.ts';

const CONTRACT = 'shared/src/contract/';

export function sourceFiles(root: string): readonly SourceFile[] {
  return globSync(['shared/src/**/*.ts', 'services/*/src/**/*.ts', 'services/gateway/ui/**/*.ts'], { cwd: root })
    .toSorted((a, b) => a.localeCompare(b))
    .map((path) => ({ path, isPure: path.startsWith(CONTRACT) || saysPure(readFileSync(join(root, path), 'utf8')) }));
}

/** Whether the comment at the top holds the word PURE. */
export function saysPure(source: string): boolean {
  const [comment = ''] = /^\s*\/\*\*[\s\S]*?\*\//.exec(source) ?? [];
  return /\bPURE\b/.test(comment);
}
