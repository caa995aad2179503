import { expect } from 'chai';
import { isShown, natsEntry, readableLine } from '../../../scripts/start/show-line.ts';

describe('a log line on a terminal', () => {
  it('names its part, and says its facts', () => {
    const line = JSON.stringify({ level: 'warn', time: 'x', service: 'runner', jobId: 'a', run: 1, msg: 'odd' });
    expect(readableLine('runner', line)).to.match(/ +runner +warning: odd {2}jobId=a {2}run=1$/);
  });

  it('is what a crash said, if it is no entry', () => {
    expect(readableLine('gateway', 'Error: out of luck')).to.match(/^ +gateway +Error: out of luck$/);
    expect(isShown('Error: out of luck', 'silent')).to.equal(true);
  });

  it('is left out below the level that is asked for', () => {
    const info = JSON.stringify({ level: 'info', msg: 'x' });
    expect([isShown(info, 'debug'), isShown(info, 'info'), isShown(info, 'warn')]).to.deep.equal([true, true, false]);
  });

  it('of NATS is shown if it is a problem', () => {
    const now = new Date(0);
    expect(natsEntry('[1] 2026/01/01 [INF] Server is ready', now)).to.equal(undefined);
    expect(JSON.parse(natsEntry('[1] 2026/01/01 [ERR] no space left', now) ?? '')).to.deep.include({
      level: 'error',
      service: 'nats',
      msg: 'no space left',
    });
  });
});
