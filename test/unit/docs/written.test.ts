import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';

const root = resolve(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifests = [
  'package.json',
  'shared/package.json',
  'services/gateway/package.json',
  'services/runner/package.json',
];
const libraries = manifests
  .map((path) => JSON.parse(read(path)) as Manifest)
  .flatMap(({ dependencies, devDependencies, optionalDependencies }) =>
    Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }),
  );

describe('the docs that people write', () => {
  it('give a reason for each library', () => {
    const rows = read('docs/decisions/0007-libraries.md')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    // Types describe a library that is listed itself.
    const chosen = libraries.map(([name]) => name).filter((name) => !/^@(types|capstan)\//.test(name));
    const missing = chosen.filter((name) => !rows.some((row) => row.split('|')[1]?.includes(`\`${name}\``)));
    expect([...new Set(missing)]).to.deep.equal([]);
  });

  it('point to files that exist', () => {
    const dead = globSync('docs/**/*.md', { cwd: root }).flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(dead).to.deep.equal([]);
  });
});

describe('a library', () => {
  it('is pinned to one version', () => {
    for (const [name, version] of libraries) expect(version, name).to.match(/^(npm:\S+@)?\d+\.\d+\.\d+$/);
  });
});
