/** The image of the algorithm is on the machine, and stays there at least until it is let go of. */
import type { JobSpec } from '@capstan/shared/contract/job';
import type { HeldImage } from '../../images/image-cache.ts';
import type { AttemptContext } from '../attempt-context.ts';
import { phaseLimitOf, withinPhase } from '../phase-limit.ts';
import type { Step } from '../step.ts';

export interface HoldsImages {
  /** Lets go of them when the containers that need them are there, or this try has failed. */
  readonly heldImages: DisposableStack;
}

export interface ToPull extends AttemptContext, HoldsImages {
  readonly spec: JobSpec;
}

export interface Pulled {
  readonly image: HeldImage;
}

/** Throws IMAGE_UNAVAILABLE with a reason. */
export const pull: Step<ToPull, Pulled> = {
  name: 'pull',
  until: 'halted',
  async run({ attempt, parts, spec, heldImages }, signal) {
    const { openMeter } = attempt;
    const { container } = spec.algorithm;
    const limitS = phaseLimitOf(attempt.settings, spec.maxDurationS);
    const limit = { limitS, code: 'IMAGE_UNAVAILABLE', what: 'The image' } as const;
    const image = await withinPhase(limit, signal, async (limited) => {
      const meter = openMeter('pull');
      const follow = ({ doneBytes, totalBytes }: { doneBytes: number; totalBytes: number | undefined }) =>
        meter.set(doneBytes, totalBytes);
      try {
        return await parts.images.ensure({ container, follow }, limited);
      } finally {
        meter.end();
      }
    });
    return { image: heldImages.use(image) };
  },
};
