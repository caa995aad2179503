import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { simulatedGlobals } from './world/ambient.ts';
import { createProcess } from './world/process.ts';
import { createWorld } from './world/world.ts';

const HOUR_MS = 3_600_000;

describe('a simulated process', () => {
  it("waits in the time of its world, also by the timers of Node's own modules", async () => {
    const { times } = await oneLife(async (note) => {
      await pause(HOUR_MS);
      note();
      await nextTurn();
      note();
      await pause(HOUR_MS, undefined, { signal: AbortSignal.timeout(HOUR_MS / 2) }).catch(note);
    });
    expect(times).to.deep.equal([HOUR_MS, HOUR_MS, 1.5 * HOUR_MS]);
  });

  it('has the ids that its world decides, and takes none of its time', async () => {
    const life = async () => {
      const ids: string[] = [];
      await oneLife(async (note) => {
        ids.push(randomUUID(), String(performance.eventLoopUtilization().active));
        await pause(1);
        note();
      });
      return ids;
    };
    const ids = await life();
    expect(ids).to.deep.equal(await life());
    expect(ids[0]).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('leaves the timers of everybody else alone', async () => {
    using globals = simulatedGlobals();
    globals.install();
    expect(await pause(1, 'over')).to.equal('over');
    expect(randomUUID()).not.to.equal(randomUUID());
  });
});

/** What a process does in a world of its own, and when, in milliseconds. */
async function oneLife(live: (note: () => void) => Promise<void>) {
  using globals = simulatedGlobals();
  globals.install();
  const world = createWorld(1);
  const process = createProcess({ name: 'somebody', world, epochMs: 0, isLogged: false });
  const times: number[] = [];
  let isOver = false;
  process.enter(() => {
    void live(() => void times.push(Math.round(world.now()))).then(() => (isOver = true));
  });
  await world.run(3 * HOUR_MS, () => isOver);
  return { times };
}
