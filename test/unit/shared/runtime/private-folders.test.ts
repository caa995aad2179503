import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLog } from '@capstan/shared/runtime/log';
import { keepPrivate } from '@capstan/shared/runtime/private-folders';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe("what is the node's alone", () => {
  it('is closed to others where an older version left it open, and need not be there', async () => {
    await using folder = await temporaryFolder('private');
    const logs = join(folder.path, 'logs');
    const job = join(logs, 'job');
    const key = join(folder.path, 'node.key');
    await mkdir(job, { recursive: true });
    await writeFile(key, 'secret');
    await writeFile(join(logs, 'note'), 'x');
    for (const path of [logs, job]) await chmod(path, 0o755);
    for (const path of [key, join(logs, 'note')]) await chmod(path, 0o644);
    await keepPrivate({ folders: [logs, join(folder.path, 'absent')], files: [key] }, createLog('test', 'silent'));
    expect([await modeOf(logs), await modeOf(job)]).to.deep.equal(['700', '700']);
    expect([await modeOf(key), await modeOf(join(logs, 'note'))]).to.deep.equal(['600', '600']);
  });
});
