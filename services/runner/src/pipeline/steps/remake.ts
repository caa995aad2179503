/**
 * Makes a container again that somebody has cleared away while the job ran: `docker system prune`, which people run by cron, removes what
 * does not run. The volumes are whole all the while, and what is in them is all that counts.
 */
import { CapstanError } from '@capstan/shared/contract/errors';
import type { HelperSpec, Origin } from '../../docker/ports/containers.ts';
import { retryWhileRefused } from '../../docker/retry-while-unavailable.ts';
import { labelsOfAttempt, namesOf } from '../../docker/names.ts';
import type { HeldImage } from '../../images/image-cache.ts';
import type { Attempt } from '../attempt.ts';
import { filesSpec, filterSpec, type UsedImage } from '../helpers.ts';
import type { EngineImages } from '../../docker/ports/images.ts';

/** What a filter is told of the job. Of the rest of the algorithm's environment its image may have said anything. */
const TOLD = ['DIDS', 'TRANSFORMATION_DID', 'VOLUME', 'INPUTS', 'OUTPUTS', 'LOGS', 'ALGO', 'secret', 'USER', 'LOGNAME'];

/** Throws OUTPUTS_UNREADABLE where the volumes are gone as well. */
export async function remakeFiles(attempt: Attempt, origin: Origin | undefined, signal: AbortSignal): Promise<void> {
  const image = await imageOf(attempt.engine, origin, signal);
  await volumesLeft(attempt, signal);
  await remake(attempt, filesSpec(attempt, image), signal);
}

/** The filter's, as it was before it ran. */
export async function remakeFilter(
  attempt: Attempt,
  { origin, filterImage }: { readonly origin: Origin | undefined; readonly filterImage: HeldImage | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { engine, filter } = attempt;
  if (!filter || !filterImage || !origin) throw gone();
  const image = await imageOf(engine, origin, signal);
  const env = Object.fromEntries(Object.entries(origin.env).filter(([name]) => TOLD.includes(name)));
  const left = await volumesLeft(attempt, signal);
  await remake(attempt, filterSpec(attempt, { filter, env, image, filterImage, left }), signal);
}

/** With a container the engine makes the volumes that are not there: empty, they would pass for what the algorithm left. */
async function volumesLeft({ engine, identity }: Attempt, signal: AbortSignal): Promise<readonly string[]> {
  const { outputs, logs } = namesOf(identity).volumes;
  const { volumes } = await engine.find(labelsOfAttempt(identity), signal);
  const names = volumes.map(({ name }) => name);
  if (!names.includes(outputs) || !names.includes(logs)) throw gone();
  return names;
}

async function remake({ engine, log }: Attempt, spec: HelperSpec, signal: AbortSignal): Promise<void> {
  log.warn({ container: spec.name }, 'somebody removed a container of this job from the engine: it is made again');
  await retryWhileRefused('CONTAINER_REFUSED', () => engine.createContainer(spec, signal), { signal, log });
}

async function imageOf(engine: EngineImages, origin: Origin | undefined, signal: AbortSignal): Promise<UsedImage> {
  const found = origin && (await engine.findImage(origin.image, signal));
  if (!found) throw gone();
  return { id: found.id, settings: found.settings };
}

const gone = () =>
  new CapstanError('OUTPUTS_UNREADABLE', 'The outputs were removed from the engine before they were read.');
