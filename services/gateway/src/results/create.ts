/** Where the settings say that results are kept. */
import type { ResultsConfig } from '@capstan/shared/config/results';
import { createObjects } from '@capstan/shared/results/create';
import { createResultsFolder } from './folder.ts';
import type { Results } from './open.ts';
import { createRemoteResults } from './remote.ts';

export function createResults(settings: ResultsConfig, dir: string): Results {
  const objects = createObjects(settings);
  return objects ? createRemoteResults({ objects, dir }) : createResultsFolder(dir);
}
