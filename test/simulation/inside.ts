/** A test inside the simulation: as one of its processes, on its time. */
import { simulatedGlobals } from './world/ambient.ts';
import { createProcess, outcomeOf, type Process, type Settled } from './world/process.ts';
import { createWorld, type World } from './world/world.ts';

const LIMIT_MS = 600_000;

/** Fails as the test fails, or when it does not end. */
export async function insideSimulation(
  test: (inside: { readonly world: World; readonly process: Process }) => Promise<void>,
): Promise<void> {
  using globals = simulatedGlobals();
  globals.install();
  const world = createWorld(1);
  const process = createProcess({ name: 'test', world, epochMs: 0, isLogged: false });
  let outcome: Settled<void> | undefined;
  const run = async () => {
    outcome = await outcomeOf(() => test({ world, process }));
  };
  process.enter(() => void run());
  await world.run(LIMIT_MS, () => outcome !== undefined);
  if (!outcome) throw new Error('the test did not end');
  if (!outcome.ok) throw outcome.error;
}
