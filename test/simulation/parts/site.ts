/** Where a runner is at home: a machine with an engine, and the notes on its disk. Results lie elsewhere, where all runners have them. */
import { createMachine, type Behaviour, type Machine } from '../engine/machine.ts';
import { GOOD_ANSWERS, type Answers } from '../engine/carry.ts';
import type { Disk } from '../engine/disk.ts';
import type { Labels } from '../../../services/runner/src/docker/labels.ts';
import type { World } from '../world/world.ts';

export interface Site {
  readonly runnerId: string;
  readonly machine: Machine;
  readonly disk: Disk;
  /** What becomes of what its engine answers, at the moment. */
  answers: Answers;
  /** The most algorithms that ever ran on it at once. */
  peak(): number;
}

interface SiteOptions {
  readonly world: World;
  readonly epochMs: number;
  readonly number: number;
  readonly behaviour: Behaviour;
  readonly results: Disk;
  readonly syncsMarks: boolean;
  readonly onStart: (labels: Labels) => void;
}

export function createSite({ world, epochMs, number, behaviour, results, syncsMarks, onStart }: SiteOptions): Site {
  let peak = 0;
  const machine = createMachine({
    name: `engine ${number}`,
    world,
    epochMs,
    behaviour,
    onStart: (labels) => {
      onStart(labels);
      peak = Math.max(peak, machine.running());
    },
  });
  const disk: Disk = { ...results, marks: new Map(), ends: new Map(), unsynced: [], syncsMarks };
  return { runnerId: `runner-${number}`, machine, disk, answers: GOOD_ANSWERS, peak: () => peak };
}
