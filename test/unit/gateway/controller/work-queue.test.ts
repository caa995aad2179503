import { expect } from 'chai';
import { createWorkQueue } from '../../../../services/gateway/src/controller/work-queue.ts';

const turn = () => new Promise(setImmediate);

/** A queue whose work ends when the test says so. */
function aQueue(atOnce: number) {
  const begun: string[] = [];
  const errors: unknown[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const queue = createWorkQueue<string>({
    atOnce,
    work(key) {
      begun.push(key);
      const end = Promise.withResolvers<void>();
      ends.set(key, end);
      return end.promise;
    },
    onError: (error) => errors.push(error),
  });
  return {
    queue,
    begun,
    errors,
    async end(key: string, error?: Error) {
      if (error) ends.get(key)?.reject(error);
      else ends.get(key)?.resolve();
      await turn();
    },
  };
}

describe('a work queue', () => {
  it('never works twice at once on a key, and once more if it was asked for meanwhile', async () => {
    const { queue, begun, end } = aQueue(10);
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    expect(begun).to.deep.equal(['a', 'b']);
    await end('a');
    expect(begun).to.deep.equal(['a', 'b', 'a']);
    await end('a');
    expect(begun).to.have.length(3);
    expect(queue.size()).to.equal(1);
  });

  it('has so many in work at the most, and lets one that takes for ever hold up no other', async () => {
    const { queue, begun, end } = aQueue(2);
    for (const key of ['stuck', 'b', 'c', 'd']) queue.add(key);
    expect(begun).to.deep.equal(['stuck', 'b']);
    await end('b');
    await end('c');
    expect(begun).to.deep.equal(['stuck', 'b', 'c', 'd']);
  });

  it('goes on after an error', async () => {
    const { queue, begun, errors, end } = aQueue(1);
    queue.add('a');
    queue.add('b');
    await end('a', new Error('no'));
    expect(begun).to.deep.equal(['a', 'b']);
    expect(errors).to.have.length(1);
  });

  it('stops when what is in work is done, and takes nothing more', async () => {
    const { queue, begun, end } = aQueue(1);
    queue.add('a');
    queue.add('b');
    const stopped = queue.stop();
    queue.add('c');
    await end('a');
    await stopped;
    expect(begun).to.deep.equal(['a']);
  });
});
