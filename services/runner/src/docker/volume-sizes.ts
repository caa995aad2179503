/** Whether an engine holds volumes to a size, asked once, when the runner begins. */
import { hasCode, CapstanError } from '@capstan/shared/contract/errors';
import { retryWhileAnswering, TELL_MS } from './answering.ts';
import type { Labels } from './labels.ts';
import type { Patience } from './retry-while-unavailable.ts';
import type { EngineHost } from './ports/host.ts';
import type { EngineVolumes } from './ports/volumes.ts';

const stuck = () => new CapstanError('ENGINE_REFUSED', 'The container engine answers all else, and not this.');

/** An engine that is stuck with the volume that this is tried with keeps no runner from beginning: what jobs write is measured then. */
export async function holdsSizes(
  engine: Pick<EngineHost, 'about'> & Pick<EngineVolumes, 'holdsVolumeSizes'>,
  labels: Labels,
  { signal, log, withinMs = TELL_MS }: Patience & { readonly withinMs?: number },
): Promise<boolean> {
  try {
    return await retryWhileAnswering({ engine, ms: withinMs, overdue: stuck, signal, log }, (limited) =>
      engine.holdsVolumeSizes(labels, limited),
    );
  } catch (error) {
    if (!hasCode(error, 'ENGINE_REFUSED')) throw error;
    log.warn({ problem: error.message }, 'whether volumes are held to a size could not be found out');
    return false;
  }
}
