import { getDesired, putDesired, watchDesired } from '@capstan/shared/bus/desired';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Desired } from '@capstan/shared/contract/messages';
import { expect } from 'chai';
import { aBroker, heard, log, nextConnection } from './a-broker.ts';

const jobId = 'a'.repeat(32) as JobId;
const other = 'b'.repeat(32) as JobId;
const run = { run: 1, want: 'run' } as const;
const stopped = { run: 1, want: 'stopped' } as const;

interface Word extends Desired {
  readonly jobId: JobId;
}

function watching(bus: Parameters<typeof watchDesired>[0], signal: AbortSignal) {
  const words = heard<Word>();
  watchDesired(bus, { onWord: (about, desired) => words.take({ jobId: about, ...desired }), log, signal });
  return words;
}

describe('what the gateway wants of a job', () => {
  it('is the last thing it said, and nothing where it said nothing', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    expect(await getDesired(bus, jobId)).to.equal(undefined);
    await putDesired(bus, jobId, run);
    await putDesired(bus, jobId, stopped);
    expect(await getDesired(bus, jobId)).to.deep.equal({ v: 1, ...stopped });
    expect(await getDesired(bus, other)).to.equal(undefined);
  });

  it('is told to who watches: first as it stands, then each word', async () => {
    await using broker = await aBroker();
    const [gateway, runner] = [await broker.connectedBus(), await broker.connectedBus()];
    await putDesired(gateway, jobId, run);
    const words = watching(runner, broker.signal);
    await words.until((word) => word.jobId === jobId && word.want === 'run', 'the state as it stands');
    await putDesired(gateway, jobId, stopped);
    await words.until((word) => word.want === 'stopped', 'the word');
    await putDesired(gateway, other, { run: 2, want: 'deleted' });
    expect(await words.until((word) => word.jobId === other, 'the other job')).to.deep.include({
      run: 2,
      want: 'deleted',
    });
  });

  it('is told to who began to watch before there was a server', async () => {
    await using broker = await aBroker({ isStarted: false });
    const runner = broker.bus();
    await runner.start();
    const words = watching(runner, broker.signal);
    await broker.start();
    const gateway = await broker.connectedBus();
    await putDesired(gateway, jobId, stopped);
    await words.until((word) => word.want === 'stopped', 'the word');
  });

  for (const isWiped of [false, true]) {
    it(`is still told after the server came back, ${isWiped ? 'all its memory lost' : 'and kept meanwhile'}`, async () => {
      await using broker = await aBroker();
      const [gateway, runner] = [await broker.connectedBus(), await broker.connectedBus()];
      const words = watching(runner, broker.signal);
      await putDesired(gateway, jobId, run);
      await words.until((word) => word.want === 'run', 'the word before');
      const connected = [gateway, runner].map(nextConnection);
      await broker.restart({ isWiped });
      await Promise.all(connected);
      expect(await getDesired(gateway, jobId)).to.deep.equal(isWiped ? undefined : { v: 1, ...run });
      await putDesired(gateway, jobId, stopped);
      await words.until((word) => word.want === 'stopped', 'the word after');
    });
  }

  it('is not made up from what is no valid word', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    await putDesired(bus, other, run);
    const kv = await bus.jetStream().views.kv('desired');
    await kv.put(jobId, 'no json');
    expect(await getDesired(bus, jobId)).to.equal(undefined);
    await kv.put(jobId, '{"v":1,"run":0,"want":"explode"}');
    expect(await getDesired(bus, jobId)).to.equal(undefined);
    const words = watching(bus, broker.signal);
    await words.until((word) => word.jobId === other, 'the valid word');
    await putDesired(bus, jobId, stopped);
    await words.until((word) => word.jobId === jobId, 'the mended word');
    expect(words.items.filter((word) => word.jobId === jobId)).to.have.length(1);
  });

  it('is no longer told once the signal aborts', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    const over = new AbortController();
    const [words, control] = [watching(bus, over.signal), watching(bus, broker.signal)];
    await putDesired(bus, jobId, run);
    await words.until(() => true, 'the first word');
    over.abort();
    await putDesired(bus, jobId, stopped);
    await control.until((word) => word.want === 'stopped', 'the word to the other');
    // One may come twice, and none of those that came after.
    expect(new Set(words.items.map(({ want }) => want))).to.deep.equal(new Set(['run']));
  });
});
