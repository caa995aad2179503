/** Everything that a run needs, started in order: disks, engine, node, clients. All of it is gone afterwards. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { assetOrder, catalogueIn, DEMO_IMAGE } from '../../../scripts/demo/assets.ts';
import { placesIn } from '../../support/audit/traces/audit-folder.ts';
import { writeTraces, type Traces } from '../../support/audit/traces/entries.ts';
import { startPrivateEngine } from '../../support/runner/private-engine.ts';
import type { Chance } from '../chance.ts';
import { createClient, orderOn, type Client } from '../clients/client.ts';
import type { Scene } from '../faults/fault.ts';
import { findClockLibrary } from './clock-library.ts';
import { mountDisks } from './disks.ts';
import { watchedEngine } from './engine.ts';
import { startChaosNode } from './node.ts';
import { startRepeater } from './repeater.ts';

export interface ChaosScene extends Scene, AsyncDisposable {
  readonly traces: Traces;
  /** All that there ever were, those of faults among them. */
  everyone(): readonly Client[];
  /** Stops the node and puts its store and results where the auditor reads them. */
  takeDown(): Promise<void>;
}

interface SceneOptions {
  readonly dir: string;
  readonly chance: Chance;
  readonly say: (line: string) => void;
  readonly onLog: (name: string, line: string) => void;
  /** Aborts when nobody is to do anything new. */
  readonly over: AbortSignal;
}

const CLIENTS = 6;
const MAX_JOBS = 3;

export async function startScene({ dir, chance, say, onLog, over }: SceneOptions): Promise<ChaosScene> {
  const traces = writeTraces(placesIn(dir).traces);
  const breach = (text: string) => {
    say(`VIOLATION ${text}`);
    traces.write('clients', { type: 'breach', text });
  };
  await using started = new AsyncDisposableStack();
  const dataDir = join(dir, 'node');
  const paths = { results: join(dataDir, 'results'), store: join(dataDir, 'store'), engine: join(dir, 'engine-disk') };
  await mkdir(dataDir, { recursive: true });
  const disks = started.use(await mountDisks(paths, dir));
  const privateEngine = started.use(
    await startPrivateEngine(join(dir, 'engine'), { dataRoot: join(paths.engine, 'data') }),
  );
  const engine = started.use(await watchedEngine(privateEngine, traces));
  const node = started.use(
    await startChaosNode({
      dir,
      engineSocket: privateEngine.socket,
      maxJobs: MAX_JOBS,
      minFreeDiskGB: 0.02,
      onFall: (name, what) => breach(`the ${name} ${what}`),
      onLine: onLog,
    }),
  );
  const { environment } = node;
  traces.write('engine', { type: 'environment', environment, maxJobs: MAX_JOBS });
  const repeater = started.use(await startRepeater(node.nats, environment));

  const data = join(dir, 'data.txt');
  await writeFile(data, 'some data\n');
  const catalogue = await catalogueIn(dataDir);
  const dataset = await catalogue.add(
    { type: 'dataset', name: 'Data that is asked a lot', access: 'compute', isRawAllowed: true },
    [data],
  );
  const container = { ...DEMO_IMAGE, entrypoint: 'sh $ALGO' };
  const orderOf = orderOn(environment, assetOrder(dataset), (rawcode) => ({ meta: { rawcode, container } }));
  const all: Client[] = [];
  const newClient = (name: string) => {
    const client = createClient({ name, url: node.url, orderOf, traces, chance: chance.fork(name), signal: over });
    all.push(client);
    return client;
  };
  started.defer(async () => {
    for (const { live } of all) await live.close();
  });
  const clients = [
    newClient('client 0'),
    ...Array.from({ length: CLIENTS - 1 }, (_, index) => newClient(`client ${index + 1}`)),
  ] as const;
  const kept = started.move();

  return {
    dir,
    node,
    engine,
    disks,
    clients,
    newClient,
    clockLibrary: findClockLibrary(),
    repeater,
    breach,
    hold: (ms) => pause(ms, undefined, { signal: over }).catch(() => undefined),
    traces,
    everyone: () => all,
    async takeDown() {
      await node[Symbol.asyncDispose]();
      const seen = placesIn(dir);
      await cp(paths.store, seen.store, { recursive: true });
      await cp(paths.results, seen.results, { recursive: true });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
