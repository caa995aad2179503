import { expect } from 'chai';
import { recallsRuns } from '../../../../services/runner/src/docker/recall.ts';
import type { Engine } from '../../../../services/runner/src/docker/engine.ts';
import { LABELS } from '../../../../services/runner/src/docker/names.ts';
import type { HelperSpec } from '../../../../services/runner/src/docker/ports/containers.ts';
import type { Labels } from '../../../../services/runner/src/docker/labels.ts';

const { signal } = new AbortController();
const node = { [LABELS.node]: 'n' };
const labelsOf = (jobId: string): Labels => ({ ...node, [LABELS.job]: jobId, [LABELS.run]: '1' });
const mayRecall = { mayRecall: true };

/** An engine that has what it was given, and counts how often it is asked. */
function anEngine(has: readonly string[] = []) {
  const volumes = new Map(has.map((jobId) => [`${jobId}-volume`, labelsOf(jobId)]));
  const asked: Labels[] = [];
  const engine = {
    find(labels: Labels) {
      asked.push(labels);
      const found = [...volumes].filter(([, own]) => Object.entries(labels).every(([name, is]) => own[name] === is));
      return Promise.resolve({ containers: [], volumes: found.map(([name, own]) => ({ name, labels: own })) });
    },
    createContainer: () => Promise.reject(new Error('nobody knows whether it was made')),
    removeContainer: () => Promise.resolve(),
    removeVolume: (name: string) => Promise.resolve(void volumes.delete(name)),
    originOf: () => Promise.resolve({ image: 'asked', env: {} }),
  } as unknown as Engine;
  return { engine: recallsRuns(engine), asked };
}

const spec = (jobId: string) =>
  ({
    name: `${jobId}-container`,
    image: 'sha256:1',
    labels: labelsOf(jobId),
    env: { A: '1' },
    mounts: [{ volume: `${jobId}-volume`, target: '/v', isReadOnly: false }],
  }) as unknown as HelperSpec;

const namesIn = async (engine: Engine, jobId: string) => {
  const { containers, volumes } = await engine.find(labelsOf(jobId), signal, mayRecall);
  return [...containers, ...volumes].map(({ name }) => name);
};

describe('what this life of the runner knows of its runs', () => {
  it('is asked of the engine until somebody has looked at all that it has', async () => {
    const { engine, asked } = anEngine();
    await namesIn(engine, 'a');
    await engine.find(node, signal);
    await namesIn(engine, 'a');
    expect(asked).to.have.length(2);
  });

  it('holds what it may have made, until that is removed', async () => {
    const { engine, asked } = anEngine();
    await engine.find(node, signal);
    await engine.createContainer(spec('a'), signal).catch(() => undefined);
    expect(await namesIn(engine, 'a')).to.deep.equal(['a-container', 'a-volume']);
    expect((await engine.originOf('a-container', signal)).image).to.equal('sha256:1');
    await engine.removeContainer('a-container', signal);
    expect(await namesIn(engine, 'a')).to.deep.equal(['a-volume']);
    await engine.removeVolume('a-volume', signal);
    expect(await namesIn(engine, 'a')).to.deep.equal([]);
    expect((await engine.originOf('a-container', signal)).image).to.equal('asked');
    expect(asked).to.have.length(1);
  });

  it('is not enough for a run of which the engine has shown something else, until it has shown nothing more', async () => {
    const { engine, asked } = anEngine(['a']);
    await engine.find(node, signal);
    await engine.createContainer(spec('a'), signal).catch(() => undefined);
    expect(await namesIn(engine, 'a')).to.deep.equal(['a-volume']);
    await engine.removeVolume('a-volume', signal);
    expect(await namesIn(engine, 'a')).to.deep.equal([]);
    expect(asked).to.have.length(3);
    expect(await namesIn(engine, 'a')).to.deep.equal(['a-container']);
    expect(asked).to.have.length(3);
  });

  it('is not taken by who wants to see for himself', async () => {
    const { engine, asked } = anEngine();
    await engine.find(node, signal);
    await engine.find(labelsOf('a'), signal);
    expect(asked).to.have.length(2);
  });
});
