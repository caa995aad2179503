import { expect } from 'chai';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { createLog } from '@capstan/shared/runtime/log';
import { findUnfinished } from '../../../../services/runner/src/worker/adopt.ts';
import { labelsOf, namesOf, type AttemptIdentity } from '../../../../services/runner/src/docker/names.ts';
import { grant } from '../../../../services/runner/src/docker/ours.ts';
import { simulatedCaptures } from '../../../simulation/engine/captures.ts';
import { createDisk, marksOn, resultsOn } from '../../../simulation/engine/disk.ts';
import { createSimulatedEngine } from '../../../simulation/engine/engine.ts';
import { createMachine } from '../../../simulation/engine/machine.ts';
import { createProcess } from '../../../simulation/world/process.ts';
import { createWorld, type World } from '../../../simulation/world/world.ts';

const identity: AttemptIdentity = {
  node: 'here',
  runnerId: 'runner-1',
  environment: 'local' as EnvironmentId,
  jobId: '1'.repeat(32) as JobId,
  run: 1,
  attempt: 1,
};
const { signal } = new AbortController();
const LIMIT_MS = 60_000;

/** A runner that comes back to a machine with a container that was made and not started. */
async function aRunnerThatComesBack(world: World, made = identity) {
  const machine = createMachine({
    name: 'engine',
    world,
    epochMs: 0,
    behaviour: () => ({ runsMs: 1_000, exit: { exitCode: 0, isOutOfMemory: false } }),
    onStart: () => undefined,
  });
  const process = createProcess({ name: 'runner', world, epochMs: 0, isLogged: false });
  const engine = createSimulatedEngine(machine, async (_what, effect) => effect());
  const disk = createDisk();
  const name = namesOf(made).algorithm;
  const ours = grant(made);
  const labels = labelsOf(made, 'algorithm');
  const alone: string[] = [];
  await engine.createAlgorithm(ours, { name, labels, image: '1', argv: [], env: {}, mounts: [] }, signal);
  const parts = {
    engine,
    results: resultsOn(disk, process, world),
    marks: marksOn(disk, process),
    captures: simulatedCaptures(engine),
    owner: { node: 'here', unmarked: ['runner-1'] },
    uncleared: {
      isOver: () => Promise.resolve(false),
      note: () => Promise.resolve(),
      forget: () => Promise.resolve(),
      over: () => Promise.resolve([]),
      count: () => 0,
    },
    onCleared: () => undefined,
    leftAlone: ({ jobId }: Pick<AttemptIdentity, 'jobId'>) => void alone.push(jobId),
    isInHand: () => false,
    log: createLog('test', 'silent'),
  };
  return { machine, disk, alone, unfinished: () => result(world, findUnfinished(parts, signal)) };
}

/** What a promise comes to while time passes. */
async function result<T>(world: World, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => {
    isSettled = true;
  });
  await world.run(LIMIT_MS, () => isSettled);
  return settled;
}

describe('a runner that comes back', () => {
  it('clears away what was never to be started', async () => {
    const { unfinished, machine } = await aRunnerThatComesBack(createWorld(1));
    expect(await unfinished()).to.deep.equal([]);
    expect(machine.containers.size).to.equal(0);
  });

  it('goes on with what its last life was about to start: that call may still be on its way', async () => {
    const { unfinished, machine, disk } = await aRunnerThatComesBack(createWorld(1));
    disk.marks.set(`${identity.jobId}.1`, 1);
    const [found] = await unfinished();
    expect(found).to.deep.include(identity);
    expect(machine.containers.size).to.equal(1);
  });

  it('does not look at what another node made, under whatever id', async () => {
    const { unfinished, machine, disk, alone } = await aRunnerThatComesBack(createWorld(1), {
      ...identity,
      node: 'there',
    });
    disk.marks.set(`${identity.jobId}.1`, 1);
    expect(await unfinished()).to.deep.equal([]);
    expect(machine.containers.size).to.equal(1);
    expect(alone).to.deep.equal([]);
  });

  describe('from a release that marked nothing with its node', () => {
    const { node: _node, ...unmarked } = identity;

    it('goes on with what its data folder knows of, under the names that it has', async () => {
      const { unfinished, machine, disk } = await aRunnerThatComesBack(createWorld(1), unmarked);
      disk.marks.set(`${identity.jobId}.1`, 1);
      expect(await unfinished()).to.deep.equal([unmarked]);
      expect(machine.containers.size).to.equal(1);
    });

    it('leaves alone what its data folder knows nothing of: nodes with one id may have shared the engine', async () => {
      const { unfinished, machine, alone } = await aRunnerThatComesBack(createWorld(1), unmarked);
      expect(await unfinished()).to.deep.equal([]);
      expect(machine.containers.size).to.equal(1);
      expect(alone).to.deep.equal([identity.jobId]);
    });
  });
});
