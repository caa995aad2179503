/** What the engine port is run on: a real Docker Engine, and a machine of the simulation. */
import { randomBytes } from 'node:crypto';
import type { JobId } from '@capstan/shared/contract/ids';
import { engineSocket, leftoversOf, removeLeftovers } from '../../../scripts/parts/engine.ts';
import { createDockerEngine } from '../../../services/runner/src/docker/docker-engine.ts';
import type { Engine } from '../../../services/runner/src/docker/engine.ts';
import type { Labels } from '../../../services/runner/src/docker/labels.ts';
import { labelsOf, type AttemptIdentity } from '../../../services/runner/src/docker/names.ts';
import { createSimulatedEngine } from '../../simulation/engine/engine.ts';
import { createMachine } from '../../simulation/engine/machine.ts';
import { insideSimulation } from '../../simulation/inside.ts';
import { TEST_PREFIX } from '../../support/node.ts';

export interface EngineUnderTest {
  readonly engine: Engine;
  readonly labels: Labels;
  /** Whose algorithm a container of the test may be. */
  readonly identity: AttemptIdentity;
  /** A name of its own for each test. */
  readonly name: string;
  /** An image that has a shell. */
  readonly image: string;
  readonly signal: AbortSignal;
}

export type WithEngine = (test: (underTest: EngineUnderTest) => Promise<void>) => Promise<void>;

/** What a container runs, as both understand it. */
export const RUNS_FOR_EVER = ['sleep', '600'];
export const exitsWith = (code: number) => ['sh', '-c', `exit ${code}`];

function identity() {
  const runnerId = TEST_PREFIX + randomBytes(4).toString('hex');
  const jobId = randomBytes(16).toString('hex') as JobId;
  const attempt: AttemptIdentity = { runnerId, environment: 'local' as never, jobId, run: 1, attempt: 1 };
  return { identity: attempt, labels: labelsOf(attempt, 'files'), name: `capstan-${jobId}-1-1` };
}

const onDocker: WithEngine = async (test) => {
  const { identity: attempt, labels, name } = identity();
  const { signal } = new AbortController();
  try {
    await test({
      engine: createDockerEngine(engineSocket()),
      identity: attempt,
      labels,
      name,
      image: 'localhost/capstan/node-demo:24',
      signal,
    });
  } finally {
    await removeLeftovers(await leftoversOf((id) => id === attempt.runnerId));
  }
};

const inSimulation: WithEngine = (test) =>
  insideSimulation(async ({ world, process }) => {
    const { identity: attempt, labels, name } = identity();
    const machine = createMachine({
      name: 'engine',
      world,
      epochMs: 1,
      behaviour: ({ argv }) => {
        const code = /^exit (\d+)$/.exec(argv.at(-1) ?? '')?.[1];
        return {
          runsMs: code === undefined ? 600_000 : 100,
          exit: { exitCode: Number(code ?? 0), isOutOfMemory: false },
        };
      },
      onStart: () => undefined,
    });
    const engine = createSimulatedEngine(machine, (what, effect, signal) => process.call(what, effect, { signal }));
    const { signal } = new AbortController();
    await test({ engine, identity: attempt, labels, name, image: 'simulated', signal });
  });

export const ENGINES: Readonly<Record<string, WithEngine>> = {
  'a Docker Engine': onDocker,
  'a machine of the simulation': inSimulation,
};
