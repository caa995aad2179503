/** Whether an attempt is begun while the one before it still runs elsewhere, under a runner that lives and has an engine that answers. */
import { identityOf } from '../../../services/runner/src/docker/names.ts';
import type { Labels } from '../../../services/runner/src/docker/labels.ts';
import type { Machine } from '../engine/machine.ts';
import type { World } from '../world/world.ts';

interface OverlapOptions {
  readonly world: World;
  readonly runners: number;
  readonly machine: (index: number) => Machine | undefined;
  /** When the runner of a machine began to live; undefined if it is dead. */
  readonly lifeBegan: (index: number) => number | undefined;
  readonly lastTroubleAt: () => number;
}

/** Longer than a takeover is waited for: whoever had this much time without trouble has ended what it had to. */
const UNTROUBLED_MS = 12_000;

export function createOverlapWatch({ world, runners, machine, lifeBegan, lastTroubleAt }: OverlapOptions) {
  const found: string[] = [];
  const isUntroubled = (index: number) => {
    const began = lifeBegan(index);
    const since = Math.max(began ?? Infinity, machine(index)?.lastDownAt() ?? Infinity, lastTroubleAt());
    return world.now() - since >= UNTROUBLED_MS;
  };
  return {
    found: found as readonly string[],
    /** On the machine of this number, counted from 1. */
    started(number: number, labels: Labels) {
      const begun = identityOf(labels);
      if (!begun) return;
      for (let index = 0; index < runners; index += 1) {
        if (index === number - 1 || !isUntroubled(index)) continue;
        for (const { spec, state } of machine(index)?.containers.values() ?? []) {
          const other = state.kind === 'running' ? identityOf(spec.labels) : undefined;
          if (other?.jobId === begun.jobId && other.run === begun.run)
            found.push(
              `attempt ${begun.attempt} of ${begun.jobId}.${begun.run} was begun while attempt ${other.attempt} ran on`,
            );
        }
      }
    },
  };
}
