/** A small node for a test to treat badly, on the machine's engine, with a consumer and something to order. Nothing of it stays. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assetOrder, catalogueIn, DEMO_IMAGE } from '../../scripts/demo/assets.ts';
import type { Order } from '../../scripts/parts/consumer.ts';
import { engineSocket, leftoversOf, removeLeftovers } from '../../scripts/parts/engine.ts';
import { subscribe, type Subscription } from '../../scripts/parts/subscription.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { orderOn } from '../chaos/clients/client.ts';
import { startChaosNode, type ChaosNode } from '../chaos/world/node.ts';
import { createCaller, type Caller } from './gateway/caller.ts';
import { TEST_PREFIX } from './node.ts';

export interface TreatedBadly extends AsyncDisposable {
  readonly node: ChaosNode;
  readonly dir: string;
  readonly caller: Caller;
  readonly live: Subscription;
  order(rawcode: string): Order;
  /** Services that ended by themselves. */
  readonly falls: readonly string[];
}

export async function startTreatedBadly({ maxJobs = 2 } = {}): Promise<TreatedBadly> {
  const name = TEST_PREFIX + randomBytes(4).toString('hex');
  await using releases = new AsyncDisposableStack();
  const { path: dir } = releases.use(await temporaryFolder('test'));
  releases.defer(async () => removeLeftovers(await leftoversOf((runnerId) => runnerId === name)));
  const falls: string[] = [];
  const node = releases.use(
    await startChaosNode({
      dir,
      name,
      engineSocket: engineSocket(),
      maxJobs,
      minFreeDiskGB: 0.02,
      onFall: (service, what) => falls.push(`${service} ${what}`),
      onLine: (part, line) => {
        if (process.env.SHOW_LOGS) console.error(`${part}: ${line}`);
      },
    }),
  );
  const data = join(dir, 'data.txt');
  await writeFile(data, 'some data\n');
  const catalogue = await catalogueIn(node.dataDir);
  const asset = { type: 'dataset', name: 'A dataset of a test', access: 'compute', isRawAllowed: true } as const;
  const dataset = assetOrder(await catalogue.add(asset, [data]));
  const container = { ...DEMO_IMAGE, entrypoint: 'sh $ALGO' };
  const caller = createCaller(() => node.url);
  const live = releases.use(await subscribe(node.url, { consumerAddress: caller.address }));
  const kept = releases.move();
  return {
    node,
    dir,
    caller,
    live,
    order: orderOn(node.environment, dataset, (rawcode) => ({ meta: { rawcode, container } })),
    falls,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
