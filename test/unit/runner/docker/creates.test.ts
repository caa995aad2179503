import { expect } from 'chai';
import { createsBeforeFinds } from '../../../../services/runner/src/docker/creates.ts';
import type { Engine } from '../../../../services/runner/src/docker/engine.ts';
import { LABELS } from '../../../../services/runner/src/docker/names.ts';

const labels = { [LABELS.job]: 'a', [LABELS.run]: '1' };

/** An engine that makes a volume when it is told to, whatever becomes of who asked. */
function aSlowEngine() {
  const made: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const engine = {
    async createVolume(name: string, _labels: object, signal: AbortSignal) {
      await promise;
      signal.throwIfAborted();
      made.push(name);
    },
    find: () => Promise.resolve({ containers: [], volumes: made.map((name) => ({ name, labels })) }),
  } as unknown as Engine;
  return { engine: createsBeforeFinds(engine), finish: resolve };
}

describe('what is being made when its job is stopped', () => {
  it('is given up at once, and found by who looks for what is left of the run', async () => {
    const { engine, finish } = aSlowEngine();
    const stopped = new AbortController();
    const making = engine.createVolume('v', labels, stopped.signal).catch((error: unknown) => error);
    stopped.abort(new Error('stopped'));
    expect(await making).to.have.property('message', 'stopped');
    const looking = engine.find(labels, new AbortController().signal);
    finish();
    expect((await looking).volumes.map(({ name }) => name)).to.deep.equal(['v']);
  });

  it('holds up nobody who looks for another run, or has enough of looking', async () => {
    const { engine, finish } = aSlowEngine();
    const making = engine.createVolume('v', labels, new AbortController().signal);
    expect((await engine.find({ ...labels, [LABELS.run]: '2' }, new AbortController().signal)).volumes).to.deep.equal(
      [],
    );
    const enough = new AbortController();
    const looking = engine.find(labels, enough.signal).catch((error: unknown) => error);
    enough.abort(new Error('enough'));
    expect(await looking).to.have.property('message', 'enough');
    finish();
    await making;
  });

  it('is not begun for who has given up already', async () => {
    const { engine, finish } = aSlowEngine();
    finish();
    const failure = await engine
      .createVolume('v', labels, AbortSignal.abort(new Error('over')))
      .catch((error: unknown) => error);
    expect(failure).to.have.property('message', 'over');
    expect((await engine.find(labels, new AbortController().signal)).volumes).to.deep.equal([]);
  });
});
