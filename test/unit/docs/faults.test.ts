import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../../../scripts/parts/service.ts';

const FAULTS = 45;

describe('the list of faults in docs/reliability.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'reliability.md'), 'utf8');
  const rows = page
    .slice(page.indexOf('## Which fault is tested where'))
    .split('\n')
    .filter((line) => /^\| F\d+ /.test(line));

  it('names every one, and for each a test that there is', () => {
    expect(rows.map((row) => /F\d+/.exec(row)?.[0])).to.deep.equal(
      Array.from({ length: FAULTS }, (_, index) => `F${index + 1}`),
    );
    for (const row of rows) {
      const named = [...row.matchAll(/`([a-z0-9/-]+)`/g)].map(([, name]) => join(ROOT, 'test', name ?? ''));
      expect(named, row).to.not.deep.equal([]);
      for (const path of named) expect(existsSync(`${path}.test.ts`) || existsSync(path), path).to.equal(true);
    }
  });
});
