/** How a benchmark looks at a service that `process-watch.ts` was loaded into. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from '../../scripts/parts/free-port.ts';
import type { Watched } from './process-watch.ts';

export interface Watch {
  /** Of the service's environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Since it was last called. */
  look(): Promise<Watched>;
}

export async function aWatch(): Promise<Watch> {
  const port = await freePort();
  return {
    variables: {
      NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, 'process-watch.ts')).href}`,
      PROCESS_WATCH_PORT: String(port),
    },
    look: async () => (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as Watched,
  };
}
