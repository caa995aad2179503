/** Processes that are killed, asked to end, started twice, or given another time of day. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceName } from '../../../scripts/parts/service.ts';
import { shiftedClock } from '../world/clock-library.ts';
import type { Fault, Scene } from './fault.ts';

const LOOPS = 10;
/** Back at work so soon after a start: the middle one of them, for a single one may fall together with much else on the machine. */
const COMEBACK_LIMIT_MS = 5_000;
const ENDS_WITHIN_MS = 15_000;

const killed = (id: string, name: ServiceName): Fault => ({
  id,
  name: `the ${name} is killed`,
  touches: [name],
  async inject({ node, hold }, chance) {
    await hold(chance.between(0, 1_500));
    await node.kill(name);
    await hold(chance.of([0, 0, 500, 4_000]));
    return [await node.bringBack(name)];
  },
});

/** Alone, since it is timed. */
const killedInALoop = (id: string, name: ServiceName): Fault => ({
  id,
  name: `the ${name} is killed ten times in a row`,
  touches: ['gateway', 'runner', 'nats', 'engine', 'results'],
  async inject({ node, breach }) {
    const comebacks: number[] = [];
    for (let times = 0; times < LOOPS; times += 1) {
      await node.kill(name);
      comebacks.push(await node.bringBack(name));
    }
    const middle = comebacks.toSorted((one, other) => one - other)[LOOPS / 2] ?? 0;
    if (middle > COMEBACK_LIMIT_MS) breach(`the ${name} takes ${Math.round(middle)} ms to be back after its start`);
    return comebacks;
  },
});

const terminated = (times: 1 | 2, name: ServiceName): Fault => ({
  id: 'F29',
  name: `the ${name} is asked to end${times === 2 ? ', twice' : ''}`,
  touches: [name],
  async inject({ node, hold, breach }, chance) {
    const before = performance.now();
    const { code, signal } = await node.terminate(name, times);
    const tookMs = performance.now() - before;
    // Asked twice, it may leave at once, with 1.
    const isRight = code === 0 || (times === 2 && code === 1);
    if (!isRight || tookMs > ENDS_WITHIN_MS)
      breach(`the ${name}, asked to end, ended with ${signal ?? code} after ${Math.round(tookMs)} ms`);
    await hold(chance.of([0, 1_000]));
    return [await node.bringBack(name)];
  },
});

const commitsKilled: Fault = {
  id: 'F24',
  name: 'the gateway is killed in the middle of commits',
  touches: ['gateway', 'clients'],
  async inject({ node, clients: [client], newClient, hold }, chance) {
    const crowd = Array.from({ length: 6 }, (_, index) => newClient(`committing ${chance.next()} ${index}`));
    const ordered = crowd.map(({ requests }) => requests.start(client.order('echo done')));
    await hold(chance.between(1, 40));
    await node.kill('gateway');
    const comeback = await node.bringBack('gateway');
    await Promise.all(ordered);
    return [comeback];
  },
};

const HOUR_S = 3_600;

const clockJumps = (name: ServiceName): Fault => ({
  id: 'F23',
  name: `the clock of the ${name} jumps by an hour`,
  touches: [name],
  whyNot: ({ clockLibrary }) =>
    clockLibrary === undefined ? 'libfaketime is not installed (apt-get install faketime)' : undefined,
  async inject({ node, dir, clockLibrary = '', hold }, chance) {
    const clock = await shiftedClock(clockLibrary, join(dir, `clock-${name}`));
    await node.kill(name);
    const comebacks = [await node.bringBack(name, clock.variables)];
    await hold(1_000);
    const way = chance.of([1, -1]);
    await clock.shift(way * HOUR_S);
    await hold(chance.between(2_000, 6_000));
    await clock.shift(-way * HOUR_S);
    await hold(chance.between(1_000, 4_000));
    await node.kill(name);
    comebacks.push(await node.bringBack(name));
    return comebacks;
  },
});

/** NATS stays as it is meanwhile: by it the second runner learns of the first. */
const secondRunner: Fault = {
  id: 'F28',
  name: 'a second runner comes under the same id',
  touches: ['runner', 'nats'],
  inject: (scene) => refused(scene, 'runner', { CAPSTAN_RUNNER_ID: scene.node.environment }, 'RUNNER_ID_TAKEN'),
};

const secondGateway: Fault = {
  id: 'F28',
  name: 'a second gateway comes on the same store',
  touches: ['gateway'],
  inject: (scene) => {
    const variables = { CAPSTAN_DATA_DIR: scene.node.dataDir, CAPSTAN_GATEWAY_PORT: '0' };
    return refused(scene, 'gateway', variables, 'STORE_IN_USE');
  },
};

const REFUSED_WITHIN_MS = 40_000;

async function refused(
  { node, dir, breach }: Scene,
  name: ServiceName,
  variables: Readonly<Record<string, string>>,
  code: string,
): Promise<void> {
  const dataDir = join(dir, 'second');
  await mkdir(dataDir, { recursive: true });
  const twin = await node.twin(name, { CAPSTAN_DATA_DIR: dataDir, ...variables });
  const limit = setTimeout(() => void twin.kill(), REFUSED_WITHIN_MS);
  const exit = await twin.exited;
  clearTimeout(limit);
  const isRight = exit.code === 1 && twin.lastLines(50).some((line) => line.includes(code));
  if (!isRight)
    breach(
      `a second ${name} was not refused: it ended with ${exit.signal ?? exit.code}, ${twin.lastLines(3).join(' ')}`,
    );
}

export const PROCESS_FAULTS: readonly Fault[] = [
  killed('F1', 'runner'),
  killed('F1', 'runner'),
  killedInALoop('F1', 'runner'),
  killed('F2', 'gateway'),
  killed('F2', 'gateway'),
  killedInALoop('F3', 'gateway'),
  commitsKilled,
  terminated(1, 'runner'),
  terminated(2, 'runner'),
  terminated(1, 'gateway'),
  terminated(2, 'gateway'),
  clockJumps('gateway'),
  clockJumps('runner'),
  secondRunner,
  secondGateway,
];
