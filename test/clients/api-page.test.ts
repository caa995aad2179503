import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { ROOT } from '../../scripts/parts/service.ts';
import { startTestNode } from '../support/node.ts';
import { blocksOf, typeInShell, type Typed } from './shell-page.ts';

const LIMIT_MS = 120_000;

const page = readFileSync(join(ROOT, 'docs', 'api.md'), 'utf8');
const blocks = blocksOf(page);

describe('the commands in docs/api.md', () => {
  let typed: Typed;
  before(async function () {
    this.timeout(LIMIT_MS);
    // The page speaks of the environment that a node has if nobody says anything else.
    await using node = await startTestNode({
      variables: { CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: 'local', maxJobs: 2 }]) },
    });
    const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
    typed = await typeInShell(blocks, { ...process.env, ...node.variables, PATH: path, NODE: node.url });
  });

  it('are there for every route', () => {
    const absent = Object.values(ENDPOINTS)
      .filter(({ method, path }) => !page.includes(`| \`${method}\` | \`${path}\` |`))
      .map(({ method, path }) => `${method} ${path}`);
    expect(absent).to.deep.equal([]);
    const typedIn = blocks.map(({ commands }) => commands).join('');
    const unused = Object.values(ENDPOINTS).filter(
      ({ path }) => !typedIn.includes(`$NODE${path.replace(/\{\w+\}$/, '')}`),
    );
    expect(unused.map(({ path }) => path)).to.deep.equal([]);
  });

  for (const [index, { title, answer }] of blocks.entries()) {
    it(title, () => {
      const output = typed.outputs[index];
      const isLast = index === typed.outputs.length - 1;
      expect(output, `${typed.problem}\nnot reached`).to.be.a('string');
      if (isLast) expect(typed.code, `${typed.problem}\n${output ?? ''}`).to.equal(0);
      if (answer !== undefined) expect(formOf(JSON.parse(output ?? ''))).to.deep.equal(formOf(answer));
    });
  }
});

/** The names that an answer has, all the way down; not its values. Of a list, those of its first member. */
function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [formOf(value[0])];
  if (typeof value !== 'object' || value === null) return '…';
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, formOf(member)]));
}
