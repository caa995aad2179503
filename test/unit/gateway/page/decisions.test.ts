import { expect } from 'chai';
import { bytes, clockTime, duration, elapsed, plain, short } from '../../../../services/gateway/ui/format.ts';
import { createLogLines } from '../../../../services/gateway/ui/log-lines.ts';
import { phasesOf, standingOf, type Way } from '../../../../services/gateway/ui/phases.ts';
import { hashFor, placeOf } from '../../../../services/gateway/ui/routes.ts';

describe('the bar of phases', () => {
  const bar = (way: Partial<Way> & Pick<Way, 'status'>) =>
    phasesOf({ hasResults: false, ...way })
      .map(({ name, state, share }) => `${name} ${state}${share === undefined ? '' : ` ${share}`}`)
      .join(', ');

  it('fills up behind the job', () => {
    expect(bar({ status: 1 })).to.equal('pull ahead, provision ahead, run ahead, publish ahead');
    expect(bar({ status: 10 })).to.equal('pull active, provision ahead, run ahead, publish ahead');
    expect(bar({ status: 30 })).to.equal('pull done, provision done, run active, publish ahead');
    expect(bar({ status: 60 })).to.equal('pull done, provision done, run done, publish active');
    expect(bar({ status: 70 })).to.equal('pull done, provision done, run done, publish done');
  });

  it('says how much of a phase is done, where the total is known', () => {
    const progress = { phase: 'pull', doneBytes: 25, totalBytes: 100 };
    expect(bar({ status: 10, progress })).to.match(/^pull active 0.25,/);
    expect(bar({ status: 10, progress: { ...progress, totalBytes: null } })).to.match(/^pull active,/);
    expect(bar({ status: 20, progress }), 'of the phase before').to.match(/provision active,/);
  });

  it('blames the phase that a job failed in, and says whether anything was published after it', () => {
    expect(bar({ status: 11 })).to.equal('pull failed, provision ahead, run ahead, publish ahead');
    expect(bar({ status: 31 })).to.equal('pull done, provision failed, run ahead, publish ahead');
    expect(bar({ status: 41, hasResults: true })).to.equal('pull done, provision done, run failed, publish done');
    expect(bar({ status: 62, before: [10, 40, 60] })).to.match(/publish failed$/);
  });

  it('ends where a job was stopped, as far as that is known', () => {
    expect(bar({ status: 7, before: [1, 10, 20] })).to.match(/^pull done, provision stopped, run ahead/);
    expect(bar({ status: 7 })).to.match(/^pull ahead/);
  });

  it('has a filter where one was seen', () => {
    expect(bar({ status: 51, before: [40] })).to.match(/run done, filter failed, publish ahead$/);
    expect(bar({ status: 60, before: [40, 50] })).to.match(/filter done, publish active$/);
  });

  it('has one word for how a job stands', () => {
    expect([1, 10, 70, 7, 8, 41, 11].map(standingOf)).to.deep.equal([
      'waiting',
      'active',
      'completed',
      'stopped',
      'stopped',
      'failed',
      'failed',
    ]);
  });
});

describe('what people read', () => {
  it('are durations with two units at most', () => {
    const shown = [0, 420, 8_400, 59_000, 60_000, 185_000, 7_620_000, 86_400_000, 356_400_000].map(duration);
    expect(shown).to.deep.equal([
      '0 ms',
      '420 ms',
      '8.4 s',
      '59 s',
      '1 min',
      '3 min 05 s',
      '2 h 07 min',
      '1 d',
      '4 d 3 h',
    ]);
    expect([0, 999, 61_900].map(elapsed)).to.deep.equal(['0 s', '0 s', '1 min 01 s']);
  });

  it('are sizes in powers of a thousand', () => {
    expect([0, 999, 1_000, 48_301_552, 999_999, 2_100_000_000].map(bytes)).to.deep.equal([
      '0 B',
      '999 B',
      '1.0 kB',
      '48.3 MB',
      '1.0 MB',
      '2.1 GB',
    ]);
  });

  it('are the ends of an id, and a time of day to the millisecond', () => {
    expect(short(`did:op:${'ab'.repeat(32)}`)).to.equal('abababab…abab');
    expect(short('lab')).to.equal('lab');
    expect(clockTime(new Date(2026, 2, 7, 4, 5, 6, 7).getTime())).to.equal('04:05:06.007');
  });

  it('are texts without what colours a terminal', () => {
    expect(plain('\u001b[31mred\u001b[0m\r\nnext')).to.equal('red\nnext');
  });
});

describe('the lines of a log', () => {
  const shown = (...pieces: readonly (readonly ['stdout' | 'stderr', string])[]) => {
    const lines = createLogLines();
    const all = new Map<number, string>();
    for (const [stream, text] of pieces)
      for (const line of lines.add(stream, text)) all.set(line.id, `${line.stream}: ${line.text}`);
    return [...all.values()];
  };

  it('go on where the piece before ended, each stream for itself', () => {
    expect(shown(['stdout', 'one\ntw'], ['stderr', 'oh'], ['stdout', 'o\n'], ['stderr', ' no\n'])).to.deep.equal([
      'stdout: one',
      'stdout: two',
      'stderr: oh no',
    ]);
  });

  it('are empty where the log has an empty line, and nothing behind the last', () => {
    expect(shown(['stdout', 'a\n\nb\n'])).to.deep.equal(['stdout: a', 'stdout: ', 'stdout: b']);
  });

  it('are cut where no line ever ends', () => {
    const lines = shown(['stdout', 'x'.repeat(9_000)], ['stdout', 'y\n']);
    expect(lines.map(({ length }) => length - 'stdout: '.length)).to.deep.equal([4_000, 4_000, 1_001]);
  });
});

describe('where the page is', () => {
  it('is read from its address', () => {
    expect(placeOf('')).to.deep.equal({ kind: 'home' });
    expect(placeOf('#/job/abc')).to.deep.equal({ kind: 'job', jobId: 'abc' });
    expect(placeOf('#/owner/0x1')).to.deep.equal({ kind: 'owner', owner: '0x1' });
    expect(placeOf('#/data/did:op:1')).to.deep.equal({ kind: 'dataset', documentId: 'did:op:1' });
    expect(placeOf('#/job/%zz')).to.deep.equal({ kind: 'job', jobId: '%zz' });
    expect(placeOf('#/elsewhere/x')).to.deep.equal({ kind: 'home' });
  });

  it('follows from what somebody looks for', () => {
    expect(hashFor(` ${'AB'.repeat(16)} `)).to.equal(`#/job/${'ab'.repeat(16)}`);
    expect(hashFor(`0x${'1'.repeat(40)}`)).to.equal(`#/owner/0x${'1'.repeat(40)}`);
    expect(hashFor('did:op:1')).to.equal('#/data/did:op:1');
    expect(hashFor('something')).to.equal(undefined);
  });
});
