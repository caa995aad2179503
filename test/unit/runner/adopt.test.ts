import { expect } from 'chai';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { createLog } from '@capstan/shared/log';
import { findUnfinished } from '../../../services/runner/src/adopt.ts';
import { labelsOf, namesOf } from '../../../services/runner/src/docker/names.ts';
import { simulatedCaptures } from '../../simulation/engine/captures.ts';
import { createDisk, marksOn, resultsOn } from '../../simulation/engine/disk.ts';
import { createSimulatedEngine } from '../../simulation/engine/engine.ts';
import { createMachine } from '../../simulation/engine/machine.ts';
import { createProcess } from '../../simulation/world/process.ts';
import { createWorld, type World } from '../../simulation/world/world.ts';

const identity = {
  runnerId: 'runner-1',
  environment: 'local' as EnvironmentId,
  jobId: '1'.repeat(32) as JobId,
  run: 1,
  attempt: 1,
};
const { signal } = new AbortController();
const LIMIT_MS = 60_000;

/** A runner that comes back to a machine with a container that was made and not started. */
async function aRunnerThatComesBack(world: World) {
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
  const name = namesOf(identity).algorithm;
  const labels = labelsOf(identity, 'algorithm');
  await engine.createContainer({ name, labels, image: '1', argv: [], env: {}, mounts: [] }, signal);
  const parts = {
    engine,
    results: resultsOn(disk, process, world),
    marks: marksOn(disk, process),
    captures: simulatedCaptures(engine),
    runnerId: identity.runnerId,
    isInHand: () => false,
    log: createLog('test', 'silent'),
  };
  return { machine, disk, unfinished: () => result(world, findUnfinished(parts, signal)) };
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
});
