/** The image of the environment's filter, if it has one: a job whose outputs nobody could look at is not begun. */
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import type { HeldImage } from '../../images/image-cache.ts';
import type { Images } from '../../images/images.ts';
import type { Attempt } from '../attempt.ts';
import { phaseLimitOf, withinPhase } from '../phase-limit.ts';
import type { Step } from '../step.ts';
import type { ToPull } from './pull.ts';

export interface FilterPulled {
  readonly filterImage: HeldImage | undefined;
}

export const pullFilter: Step<ToPull, FilterPulled> = {
  name: 'pull-filter',
  until: 'halted',
  async run({ attempt, parts, spec, heldImages }, signal) {
    const what = 'The filter of this environment';
    const limitS = phaseLimitOf(attempt.settings, spec.maxDurationS);
    const limit = { limitS, code: 'FILTER_UNAVAILABLE', what } as const;
    const filterImage = await withinPhase(limit, signal, (limited) => filterImageOf(attempt, parts.images, limited));
    return { filterImage: heldImages.use(filterImage) };
  },
};

/** Throws FILTER_UNAVAILABLE. */
export async function filterImageOf(
  { filter, log }: Pick<Attempt, 'filter' | 'log'>,
  images: Images,
  signal: AbortSignal,
): Promise<HeldImage | undefined> {
  if (!filter) return undefined;
  try {
    return await images.ensure({ container: filter, isOperators: true }, signal);
  } catch (error) {
    if (!hasCode(error, 'IMAGE_UNAVAILABLE')) throw error;
    log.error({ problem: error.message }, 'the filter of this environment can not be had, its jobs fail');
    throw new CapstanError('FILTER_UNAVAILABLE', 'The filter of this environment is not available at the moment.');
  }
}
