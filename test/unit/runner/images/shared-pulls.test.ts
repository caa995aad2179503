import { expect } from 'chai';
import type { CapstanError } from '@capstan/shared/contract/errors';
import { createLog } from '@capstan/shared/runtime/log';
import type { Engine } from '../../../../services/runner/src/docker/engine.ts';
import type { PullRequest } from '../../../../services/runner/src/docker/ports/images.ts';
import { createPullProgress } from '../../../../services/runner/src/images/pull-progress.ts';
import { createSharedPulls } from '../../../../services/runner/src/images/shared-pulls.ts';

const { signal } = new AbortController();
const follow = () => undefined;
const STALL_S = 0.2;

/** An engine whose pulls do what they are told by their names. */
function machine({ isDiskFull = () => Promise.resolve(false), stallTimeoutS = STALL_S, timeoutS = 4 * STALL_S } = {}) {
  const asked = new Map<string, PullRequest & { readonly done: () => void }>();
  const engine = {
    pullImage(request: PullRequest, until: AbortSignal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      until.addEventListener('abort', () => reject(until.reason as Error), { once: true });
      asked.set(request.reference, { ...request, done: resolve });
      return promise;
    },
  } as unknown as Engine;
  const limits = { timeoutS, stallTimeoutS, maxBytes: 1_000 };
  const pulls = createSharedPulls({ engine, limits, isDiskFull, log: createLog('test', 'silent') });
  const pull = (reference: string) =>
    pulls.pull({ reference, login: undefined }, follow, signal).then(
      () => 'done',
      (error: unknown) => (error as CapstanError).message,
    );
  const told = (reference: string) => {
    const request = asked.get(reference);
    if (!request) throw new Error(`${reference} was not asked for`);
    return request;
  };
  return { pull, told };
}

describe('a pull', () => {
  it('that waits for its turn in the engine loses no time to those that are before it', async () => {
    const { pull, told } = machine();
    const ended: string[] = [];
    const both = ['slow/one:1', 'some/one:1'].map((name) => pull(name).then(() => ended.push(name)));
    const slow = told('slow/one:1');
    let doneBytes = 0;
    const goesOn = setInterval(() => {
      slow.onLayer({ layer: 'a', phase: 'downloading', doneBytes: (doneBytes += 1), totalBytes: 1_000 });
    }, STALL_S * 250);
    slow.onLayer({ layer: 'a', phase: 'downloading', doneBytes, totalBytes: 1_000 });
    told('some/one:1').onLayer({ layer: 'b', phase: 'queued' });
    await Promise.all(both);
    clearInterval(goesOn);
    // Its own time has begun only when the other one's was over.
    expect(ended).to.deep.equal(['slow/one:1', 'some/one:1']);
  });

  it('that waits for its turn is done when it is, however long the others take', async () => {
    const { pull, told } = machine();
    const other = pull('slow/one:1');
    const queued = pull('some/one:1');
    told('slow/one:1').onLayer({ layer: 'a', phase: 'downloading', doneBytes: 1, totalBytes: 1_000 });
    told('some/one:1').onLayer({ layer: 'b', phase: 'queued' });
    await other;
    told('some/one:1').onLayer({ layer: 'b', phase: 'downloaded' });
    told('some/one:1').done();
    expect(await queued).to.equal('done');
  });

  it('ends when the disk is full, also where the engine says nothing while it unpacks', async () => {
    const { pull } = machine({ isDiskFull: () => Promise.resolve(true), stallTimeoutS: 60, timeoutS: 60 });
    expect(await pull('large/one:1')).to.match(/no space/);
  });
});

describe('a pull that waits for the places of the engine', () => {
  it('is one of which all that is not here is in its queue', () => {
    const progress = createPullProgress();
    expect(progress.note({ layer: 'a', phase: 'waiting' })).to.include({ isQueued: false });
    expect(progress.note({ layer: 'a', phase: 'queued' })).to.include({ isQueued: true, isHere: false });
    expect(progress.note({ layer: 'b', phase: 'waiting' })).to.include({ isQueued: false });
    expect(progress.note({ layer: 'b', phase: 'downloaded' })).to.include({ isQueued: true });
    expect(progress.note({ layer: 'a', phase: 'downloading', doneBytes: 1, totalBytes: 2 })).to.include({
      isQueued: false,
    });
    expect(progress.note({ layer: 'a', phase: 'downloaded' })).to.include({ isQueued: false, isHere: true });
  });
});
