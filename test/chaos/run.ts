/** One run from its beginning to its verdict: work and faults side by side, then peace until everything has ended, then the auditor. */
import { setTimeout as pause } from 'node:timers/promises';
import { isEnding } from '@capstan/shared/contract/status';
import { auditFolder, type Verdict } from '../support/audit/traces/audit-folder.ts';
import { chanceOf } from './chance.ts';
import type { Fault } from './faults/fault.ts';
import { FAULTS } from './faults/list.ts';
import { runFaults } from './faults/schedule.ts';
import { startScene, type ChaosScene } from './world/scene.ts';

export interface RunOptions {
  readonly dir: string;
  readonly minutes: number;
  readonly seed: number;
  readonly isMeant: (fault: Fault) => boolean;
  readonly say: (line: string) => void;
  readonly onLog: (name: string, line: string) => void;
  readonly signal: AbortSignal;
}

/** For all that is unfinished to come to its end, once nothing is broken any more. */
const PEACE_LIMIT_MS = 300_000;
/** For containers and volumes of what has ended. */
const GRACE_LIMIT_MS = 60_000;

export async function runChaos({ dir, minutes, seed, isMeant, say, onLog, signal }: RunOptions): Promise<Verdict> {
  const over = new AbortController();
  const chance = chanceOf(seed);
  await using scene = await startScene({ dir, chance, say, onLog, over: over.signal });
  const [first, ...rest] = possible(scene, isMeant, say);
  if (!first) throw new Error('None of these faults can be had here.');

  const atWork = Promise.all(scene.clients.map((client) => client.work()));
  const { traces } = scene;
  const faults = runFaults({ faults: [first, ...rest], scene, chance, traces, say, signal: over.signal });
  await pause(minutes * 60_000, undefined, { signal }).catch(() => undefined);
  say('time is over: nothing is broken any more, waiting for what is unfinished');
  over.abort(new Error('the time of the run is over'));
  await Promise.all([faults, atWork]);
  // A second Ctrl-C ends the process; the first only ends the run early.
  await untilQuiet(scene);
  scene.traces.write('engine', { type: 'left', names: await scene.engine.jobsParts() });
  for (const { live } of scene.everyone()) await live.close(true);
  await scene.takeDown();
  return await auditFolder(dir);
}

function possible(scene: ChaosScene, isMeant: RunOptions['isMeant'], say: RunOptions['say']): readonly Fault[] {
  return FAULTS.filter((fault) => {
    if (!isMeant(fault)) return false;
    const why = fault.whyNot?.(scene);
    if (why !== undefined) say(`left out: ${fault.id} ${fault.name}: ${why}`);
    return why === undefined;
  });
}

async function untilQuiet(scene: ChaosScene): Promise<void> {
  const limit = AbortSignal.timeout(PEACE_LIMIT_MS);
  try {
    for (const { live } of scene.everyone())
      await live.until(() => [...live.jobs.values()].every(({ code }) => isEnding(code)), limit);
    await untilEmpty(scene);
  } catch (error) {
    if (!limit.aborted) throw error;
    // What did not end is what the auditor will find.
  }
}

async function untilEmpty({ engine }: ChaosScene): Promise<void> {
  const { promise: late, resolve: giveUp } = Promise.withResolvers<void>();
  const timer = setTimeout(giveUp, GRACE_LIMIT_MS);
  const isLate = AbortSignal.timeout(GRACE_LIMIT_MS);
  while ((await engine.jobsParts()).length > 0 && !isLate.aborted) {
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const forget = engine.onGone(resolve);
    // It may have gone between the look and the listening.
    const isEmpty = (await engine.jobsParts()).length === 0;
    if (!isEmpty) await Promise.race([gone, late]);
    forget();
  }
  clearTimeout(timer);
}
