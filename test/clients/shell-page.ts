/** The commands of a page of the docs, typed into one shell from top to bottom. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { ROOT } from '../../scripts/parts/service.ts';

export interface Block {
  /** Under which heading it stands, and the how many'th it is there. */
  readonly title: string;
  readonly commands: string;
  /** Whether the page says that the node refuses it. */
  readonly isRefused: boolean;
  /** The answer that the page shows after it. */
  readonly answer?: unknown;
}

export interface Typed {
  /** What each block printed; those after one that failed are missing. */
  readonly outputs: readonly string[];
  readonly code: number | null;
  readonly problem: string;
}

const FENCED = /^## (?<heading>.+)$|^```(?<language>sh|json)(?<refused> refused)?\n(?<body>[\s\S]*?)^```$/gm;

export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let heading = 'Before all';
  for (const { groups = {} } of page.matchAll(FENCED)) {
    const last = blocks.at(-1);
    if (groups['heading'] !== undefined) heading = groups['heading'];
    else if (groups['language'] === 'sh') {
      const nth = blocks.filter(({ title }) => title.startsWith(`${heading}, `)).length + 1;
      const isRefused = groups['refused'] !== undefined;
      blocks.push({ title: `${heading}, ${nth}`, commands: groups['body'] ?? '', isRefused });
    } else if (last !== undefined) {
      blocks[blocks.length - 1] = { ...last, answer: JSON.parse(groups['body'] ?? '') as unknown };
    }
  }
  return blocks;
}

/** What stands between the outputs of two blocks. */
const BETWEEN = '\u001E';

/** Types them as a person does; only, a curl whose answer is an error ends it. */
export async function typeInShell(blocks: readonly Block[], environment: NodeJS.ProcessEnv): Promise<Typed> {
  const script = [
    'set -euo pipefail',
    'curl() { command curl --fail-with-body "$@"; }',
    ...blocks.map(({ commands, isRefused }) =>
      // Inside of a condition nothing ends the shell: the last command's exit code is the block's.
      [`printf '${BETWEEN}'`, isRefused ? `if {\n${commands}} then exit 99; fi` : commands].join('\n'),
    ),
  ].join('\n');
  const shell = spawn('bash', ['-c', script], { cwd: ROOT, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, problem] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')]);
  return { outputs: output.split(BETWEEN).slice(1), code: shell.exitCode, problem };
}
