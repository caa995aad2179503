/** What a runner calls the things of a job in the engine: with the mark of its data folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobId } from '@capstan/shared/contract/ids';
import { askEngine, engineSocket } from '../../../scripts/parts/engine.ts';
import { namesOf, type AttemptNames } from '../../../services/runner/src/docker/names.ts';

/** The mark of a data folder in which a runner was started. */
export function markOf(dataDir: string): string {
  return (JSON.parse(readFileSync(join(dataDir, 'runner.json'), 'utf8')) as { readonly node: string }).node;
}

/** Of the first run. */
export function namesInEngine(dataDir: string, jobId: string, attempt = 1): AttemptNames {
  return namesOf({ node: markOf(dataDir), jobId: jobId as JobId, run: 1, attempt });
}

/** The id of the algorithm's container of a job, of whatever node and release: by its labels. */
export async function algorithmOf(
  jobId: string,
  { socketPath = engineSocket(), attempt = 1 }: { readonly socketPath?: string; readonly attempt?: number } = {},
): Promise<string> {
  const label = [`capstan.job=${jobId}`, 'capstan.phase=algorithm', `capstan.attempt=${attempt}`];
  const filters = encodeURIComponent(JSON.stringify({ label }));
  const { body } = await askEngine('GET', `/containers/json?all=1&filters=${filters}`, { socketPath });
  const [found] = JSON.parse(body) as readonly { readonly Id: string }[];
  if (!found) throw new Error(`the engine has no algorithm of ${jobId}`);
  return found.Id;
}
