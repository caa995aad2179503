import { expect } from 'chai';
import { createExits } from '../../../../services/runner/src/docker/exits.ts';

const { signal } = new AbortController();
const line = (action: string, attributes: object = {}, ms = 1_000) =>
  `${JSON.stringify({ Action: action, Actor: { Attributes: { name: 'one', ...attributes } }, timeNano: ms * 1e6 })}\n`;
const hearing = (...lines: readonly string[]) => {
  const exits = createExits();
  const read = exits.reader(Number.NaN);
  for (const one of lines) read(Buffer.from(one));
  return exits;
};

describe('an exit that the stream of events tells', () => {
  it('is heard by who waits and by who comes later, in whatever pieces it comes', async () => {
    const exits = createExits();
    const waiting = exits.heard('one', signal);
    const read = exits.reader(Number.NaN);
    for (const byte of line('start') + line('die', { exitCode: '3' })) read(Buffer.from(byte));
    await waiting;
    await exits.heard('one', signal);
  });

  it('is all that is to be known of a program that ended well', () => {
    expect(hearing(line('start', {}, 1), line('die', { exitCode: '0' }, 5)).known('one')).to.deep.equal({
      kind: 'exited',
      startedAt: 1,
      finishedAt: 5,
      exit: { exitCode: 0, isOutOfMemory: false },
    });
  });

  it('leaves all others to be asked for: with a code or none, out of memory, begun unseen, on a stream that broke, removed', () => {
    const ends = line('die', { exitCode: '0' });
    expect(hearing(line('start'), line('die', { exitCode: '1' })).known('one')).to.equal(undefined);
    expect(hearing(line('start'), line('die')).known('one')).to.equal(undefined);
    expect(hearing(line('start'), line('oom'), ends).known('one')).to.equal(undefined);
    expect(hearing(ends).known('one')).to.equal(undefined);
    expect(hearing(line('start')).known('one')).to.equal(undefined);
    const broken = hearing(line('start'), ends);
    broken.broken();
    expect(broken.known('one')).to.equal(undefined);
    const removed = hearing(line('start'), ends);
    removed.forget('one');
    expect(removed.known('one')).to.equal(undefined);
    expect(hearing(line('start'), ends, line('start')).known('one'), 'another life').to.equal(undefined);
  });

  it('is not believed where a label of the image, emptied, stands in its place', () => {
    const ends = line('die', { exitCode: '' });
    expect(hearing(line('start'), ends).known('one')).to.equal(undefined);
  });

  it('is not missed behind a line that is nonsense, or much too long', () => {
    const long = `${JSON.stringify({ Action: 'die', label: 'x'.repeat(5_000_000) })}\n`;
    const exits = hearing('nonsense\n', 'null\n', long, line('start'), line('die', { exitCode: '0' }));
    expect(exits.known('one')?.kind).to.equal('exited');
  });

  it('says where the next stream goes on', () => {
    const exits = createExits();
    exits.reader(Number.NaN);
    expect(exits.since()).to.equal(undefined);
    exits.reader(1_700_000_000_000);
    expect(exits.since(), 'one that has told nothing yet').to.equal('1700000000.000000');
    expect(hearing(line('start', {}, 1_700_000_000_123)).since()).to.equal('1700000000.123000');
  });
});
