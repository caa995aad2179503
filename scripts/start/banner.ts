/** What a person needs to know of a node that has just started, PURE. */
import type { Config } from '@capstan/shared/config/schema';
import { counted } from '@capstan/shared/contract/counted';

export interface Started {
  readonly url: string;
  readonly config: Config;
  readonly catalogueDir: string;
  /** Where NATS is, and whether it is ours. */
  readonly nats: string;
}

export function banner({ url, config, catalogueDir, nats }: Started): string {
  const environments = config.runner.environments.map(
    ({ id, maxJobs, desc }) => `${id} (${counted(maxJobs, 'job')} at a time): ${desc}`,
  );
  return `
Capstan is running.

  url           ${url}
  page          ${url}/ui
  environments  ${environments.join(`\n${' '.repeat(16)}`)}
  catalogue     ${catalogueDir}
  data          ${config.dataDir} (key, store, results: back it up)
  nats          ${nats}

  offer data    npm run catalogue -- add FILE --name 'My data'
  see it all    curl ${url}/api/services/computeEnvironments
  order a job   POST ${url}/api/services/compute, signed; npm run demo shows how one goes
  live status   ${url.replace(/^http/, 'ws')}/api/services/compute/events

Ctrl-C stops it. Jobs that run go on, and are taken up again at the next start.
`;
}
