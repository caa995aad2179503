import { createLog } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import { createReaper } from '../../../../services/runner/src/maintenance/reap-orphans.ts';

const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('the reaper', () => {
  it('plans no look once it is stopped: runs that are left by the stop are looked for at the next start', async () => {
    const reaper = createReaper({
      everyS: 3_600,
      findUnfinished: () => Promise.resolve([]),
      adopt: () => undefined,
      removeDrafts: () => Promise.resolve(),
      log: createLog('test', 'silent'),
    });
    await reaper.start();
    reaper.lookSoon();
    await reaper.stop();
    const before = timers();
    reaper.lookSoon();
    expect(timers()).to.equal(before);
  });
});
