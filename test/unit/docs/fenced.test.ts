import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../../../scripts/parts/service.ts';
import { COVERED, coverOf, fencedCommands, PAGES, pageText } from '../../support/fenced.ts';

describe('the commands that README and docs show', () => {
  const commands = fencedCommands();

  it('are each run by a test, or excused', () => {
    expect(commands.length).to.be.greaterThan(50);
    const nobodys = commands.filter((each) => !coverOf(each)).map(({ page, command }) => `${page}: ${command}`);
    expect(nobodys).to.deep.equal([]);
  });

  it('are run by tests that exist and name them; no excuse is left over', () => {
    for (const each of COVERED) {
      expect(
        commands.some((command) => coverOf(command) === each),
        `${each.page}: ${each.begins ?? 'all'}`,
      ).to.equal(true);
      if (!('by' in each)) continue;
      expect(existsSync(join(ROOT, each.by)), each.by).to.equal(true);
      expect(readFileSync(join(ROOT, each.by), 'utf8'), each.by).to.contain(each.with);
    }
  });

  it('name scripts and files that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const page of PAGES) {
      for (const [, script = ''] of pageText(page).matchAll(/npm run (?:-s |--silent )?([a-z][a-z:-]*[a-z])/g)) {
        expect(scripts, `${page}: npm run ${script}`).to.have.property(script);
      }
      for (const [, file = ''] of pageText(page).matchAll(/npm test -- (test\/\S+?)[`\s]/g)) {
        expect(existsSync(join(ROOT, file)), `${page}: ${file}`).to.equal(true);
      }
    }
  });
});
