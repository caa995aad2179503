import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadConfig } from '@capstan/shared/config/load';
import { ConfigSchema } from '@capstan/shared/config/schema';
import { settings } from '@capstan/shared/config/variables';
import { STATUS_ROWS } from '@capstan/shared/contract/status';
import { expect } from 'chai';
import { parse } from 'yaml';
import { PAGES } from '../../../scripts/docs/pages.ts';

const root = resolve(import.meta.dirname, '../../..');
const page = (path: string) => readFileSync(join(root, path), 'utf8');

describe('the docs that are made from the code', () => {
  for (const [path, make] of Object.entries(PAGES)) {
    it(`still say what the code says: ${path}`, () => {
      // If this fails: npm run docs, and look at what changed.
      expect(page(path) === make(), `${path} is stale: npm run docs`).to.equal(true);
    });
  }

  it('name every setting with its variable, and say what it is for', () => {
    const text = page('docs/configuration.md');
    for (const { path, variable } of settings(ConfigSchema)) {
      const row = text.split('\n').find((line) => line.includes(`\`${variable}\``));
      expect(row, variable).to.match(new RegExp(`^\\| \`${path.at(-1)}\` .*\\| [A-Z\`].*[.] \\|$`));
    }
  });

  it('have every status in the drawing once, and in the page', () => {
    for (const { code, text } of STATUS_ROWS) {
      expect(page('docs/lifecycle.svg').split(`>${code}</text><text class="text"`), text).to.have.length(2);
      expect(page('docs/lifecycle.md')).to.contain(`| ${code} | ${text} |`);
    }
  });
});

describe('the example configuration', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'capstan-example-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const loaded = (text: string) => {
    writeFileSync(join(dir, 'capstan.yaml'), text);
    return loadConfig({}, dir);
  };

  it('changes nothing as it stands', () => {
    expect(loaded(page('capstan.example.yaml'))).to.deep.equal(loaded(''));
  });

  it('says the defaults, once the # in front of them are taken away', () => {
    const bare = page('capstan.example.yaml').replaceAll(/^( *)#(?=(- )?\S+:( [^#]|$))/gm, '$1');
    expect(bare).to.contain('\n  port: 8030\n');
    expect(loaded(bare)).to.deep.equal(loaded(''));
  });

  it('has every setting without a default in its place, once the # in front of it is taken away', () => {
    const bare = page('capstan.example.yaml').replaceAll(/^( *)#(?=\S)/gm, '$1');
    const unset = [...page('capstan.example.yaml').matchAll(/^ *#(\w+): +# not set$/gm)];
    expect(unset).to.have.length.above(20);
    const tree = parse(bare) as {
      readonly gateway: object;
      readonly runner: { readonly environments: readonly object[] };
    };
    expect(tree).to.include({ nodeKey: null });
    expect(tree.gateway).to.include({ publicUrl: null, port: 8030 });
    expect(tree.runner.environments[0]).to.include({ memoryGB: null, filter: null, maxJobs: 2 });
  });
});
