import { systemClock } from '@capstan/shared/clock';
import { expect } from 'chai';
import { run } from './a-process.ts';

describe('the log', () => {
  it('is a line of JSON for each effect, with words for levels and readable times', async () => {
    const { stdout } = await run(`
      import { createLog } from '@capstan/shared/log';
      import { nodeKeyFrom } from '@capstan/shared/node-key';
      const log = createLog('gateway', 'info');
      log.debug('not shown');
      log.info({ jobId: 'j', run: 1, key: nodeKeyFrom('11'.repeat(32)) }, 'job accepted');
      log.error({ err: new Error('disk') }, 'not stored');`);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).to.have.length(2);
    expect(lines[0]).to.deep.include({ level: 'info', service: 'gateway', jobId: 'j', run: 1, msg: 'job accepted' });
    expect(lines[0]?.['time']).to.match(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);
    expect(lines[0]?.['key']).to.equal('[node key]');
    expect(lines[1]).to.have.nested.property('err.message', 'disk');
    expect(stdout).not.to.contain('1111');
  });

  it('may be silent', async () => {
    const script = `import { createLog } from '@capstan/shared/log'; createLog('x', 'silent').fatal('no');`;
    expect(await run(script)).to.deep.include({ code: 0, stdout: '' });
  });
});

describe('the clock', () => {
  it('tells wall time in Unix milliseconds, and monotonic time that never goes back', () => {
    expect(Math.abs(systemClock.now() - Date.now())).to.be.lessThan(1_000);
    const first = systemClock.monotonicMs();
    expect(systemClock.monotonicMs()).to.be.at.least(first);
  });
});
