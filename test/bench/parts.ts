/** Programs that benchmarks measure: a gateway alone, and bare servers beside it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@capstan/shared/runtime/clock';
import { catalogueIn, publishDemoAssets } from '../../scripts/demo/assets.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import { withoutSettings } from '../../scripts/parts/node.ts';
import { startProgram, type Program } from '../../scripts/parts/program.ts';
import { startService } from '../../scripts/parts/service.ts';
import { openStore } from '../../services/gateway/src/store/store.ts';
import { ENVIRONMENT } from '../support/gateway/parts.ts';

const START_LIMIT_MS = 120_000;

export interface Served {
  readonly url: string;
  readonly program: Program;
}

/** Assets to order, and an environment that a runner once announced: jobs for it are accepted, and wait. Resolves to the assets. */
export async function fillFor(dataDir: string): ReturnType<typeof publishDemoAssets> {
  const assets = await publishDemoAssets(await catalogueIn(dataDir));
  mkdirSync(join(dataDir, 'store'), { recursive: true });
  const store = openStore(join(dataDir, 'store', 'capstan.db'));
  await store.write(() =>
    store.environments.save({ environment: ENVIRONMENT, storedAt: systemClock.now(), announcedBy: undefined }),
  );
  store.close();
  return assets;
}

/** A gateway on a data folder, without NATS and without limits on how much one client asks. */
export async function gatewayOn(dataDir: string, variables: NodeJS.ProcessEnv = {}): Promise<Served> {
  const port = await freePort();
  const program = await startService({
    service: 'gateway',
    workingDir: dataDir,
    environment: {
      ...withoutSettings(process.env),
      CAPSTAN_DATA_DIR: dataDir,
      CAPSTAN_GATEWAY_PORT: String(port),
      CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: '0',
      // Every order here is of a new wallet, and all come from one address.
      CAPSTAN_GATEWAY_QUOTAS_NEW_ADDRESSES_PER_HOUR: '0',
      // Nobody is there, and nobody is needed.
      CAPSTAN_NATS_SERVERS: `nats://127.0.0.1:${await freePort()}`,
      ...variables,
    },
  });
  await program.untilLogged('listening', START_LIMIT_MS);
  const url = `http://127.0.0.1:${port}`;
  // A node at work has written something; this writes a row.
  await (await fetch(`${url}/health`)).text();
  return { url, program };
}

/** A script that listens on the port it is given, and says so. */
export async function bareServer(script: string, answerBytes: number): Promise<Served> {
  const port = await freePort();
  const program = await startProgram({
    name: 'bare Koa',
    command: [process.execPath, script, String(port), String(answerBytes)],
    environment: process.env,
  });
  await program.until({
    match: (line) => (line === 'listening' ? true : undefined),
    what: 'listening',
    limitMs: START_LIMIT_MS,
  });
  return { url: `http://127.0.0.1:${port}`, program };
}
