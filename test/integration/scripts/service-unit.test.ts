/** The unit in docs/service.md, judged by systemd itself. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { pageText } from '../../support/fenced.ts';

const ANALYZE = '/usr/bin/systemd-analyze';

describe('the unit for systemd', () => {
  const verify = async (text: string) => {
    await using folder = await temporaryFolder('unit');
    const unit = join(folder.path, 'capstan.service');
    await writeFile(unit, text);
    const { stdout, stderr } = await promisify(execFile)(ANALYZE, ['verify', unit]);
    return (stdout + stderr).split('\n').filter((line) => line.includes('capstan.service'));
  };

  it('is one that systemd has nothing to say about', async function () {
    if (!existsSync(ANALYZE)) this.skip(); // The machine has no systemd.
    const [, unit = ''] = /^```ini\n([^]*?)^```$/m.exec(pageText('docs/service.md')) ?? [];
    expect(unit).to.contain('ExecStart=/usr/bin/npm start');
    expect(await verify(unit)).to.deep.equal([]);
    // It can tell.
    expect(await verify(unit.replace('Restart=on-failure', 'Restrat=on-failure'))).not.to.deep.equal([]);
  });
});
