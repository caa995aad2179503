/** A trivial job: through a node with as many environments as numbers of places are measured, and by raw dockerode. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { assetOrder, catalogueIn, DEMO_IMAGE, DEMO_IMAGE_ALLOWED } from '../../../scripts/demo/assets.ts';
import { createConsumer } from '../../../scripts/parts/consumer.ts';
import { startNode, type LocalNode } from '../../../scripts/parts/node.ts';
import { hasEnded } from '../../../scripts/parts/subscription.ts';
import { ALGORITHM_PATH } from '../../../services/runner/src/docker/layout.ts';
import { createFloor } from '../overhead/floor.ts';

const CODE = 'echo done; echo done > /data/outputs/done\n';
const DATA = 'a little\n';
/** As small that all places fit on any machine; the same both ways. */
const LIMITS = { cpus: 0.2, memoryGB: 0.2, pids: 64 };
const LIMIT_MS = 120_000;

export interface Subject extends AsyncDisposable {
  readonly node: LocalNode;
  /** One job through the node, from its order to its end seen on the socket. */
  throughNode(places: number): Promise<void>;
  /** The same by raw dockerode, to the last volume removed. */
  raw(): Promise<void>;
}

interface Options {
  readonly dir: string;
  /** Of the runner. */
  readonly id: string;
  readonly places: readonly number[];
  /** Sockets of the engine, for each way one. */
  readonly sockets: { readonly node: string; readonly raw: string };
}

export async function startSubject({ dir, id, places, sockets }: Options): Promise<Subject> {
  await using releases = new AsyncDisposableStack();
  const assets = await publish(dir);
  const environmentOf = (count: number) => `${id}-${count}`;
  const environments = places.map((maxJobs) => ({ id: environmentOf(maxJobs), maxJobs, ...LIMITS }));
  const node = releases.use(
    await startNode({
      dataDir: dir,
      variables: {
        ...DEMO_IMAGE_ALLOWED,
        CAPSTAN_RUNNER_ID: id,
        CAPSTAN_RUNNER_DOCKER_SOCKET: sockets.node,
        CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify(environments),
      },
    }),
  );
  const consumer = createConsumer(node.url);
  const live = releases.use(await consumer.follow());
  const waiting = new Map<string, (status: number) => void>();
  const ended = new Map<string, number>();
  live.onEvent(({ jobId, status, job }) => {
    if (!hasEnded(job)) return;
    const tell = waiting.get(jobId);
    if (tell) tell(status);
    else ended.set(jobId, status);
  });
  const endOf = async (jobId: string) => {
    const before = ended.get(jobId);
    if (before !== undefined) return before;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const late = setTimeout(() => reject(new Error(`the job ${jobId} did not end`)), LIMIT_MS);
    waiting.set(jobId, resolve);
    return promise.finally(() => clearTimeout(late));
  };
  const floor = createFloor(
    { cpus: LIMITS.cpus, memoryBytes: LIMITS.memoryGB * 1e9, pids: LIMITS.pids },
    { argv: ['sh', ALGORITHM_PATH], algorithm: Buffer.from(CODE), data: Buffer.from(DATA), leaves: 'done' },
    sockets.raw,
  );
  const release = releases.move();
  return {
    node,
    async throughNode(count) {
      const { jobId } = await consumer.start({
        environment: environmentOf(count),
        dataset: assetOrder(assets.dataset),
        algorithm: assetOrder(assets.algorithm),
      });
      const status = await endOf(jobId);
      waiting.delete(jobId);
      ended.delete(jobId);
      if (status !== 70) throw new Error(`the job ${jobId} ended with ${status}`);
    },
    raw: async () => void (await floor.once()),
    [Symbol.asyncDispose]: () => release.disposeAsync(),
  };
}

async function publish(dir: string): Promise<{ readonly dataset: Ddo; readonly algorithm: Ddo }> {
  const files = { data: join(dir, 'data'), code: join(dir, 'code') };
  await writeFile(files.data, DATA);
  await writeFile(files.code, CODE);
  const catalogue = await catalogueIn(dir);
  const container = { ...DEMO_IMAGE, entrypoint: 'sh $ALGO' };
  return {
    dataset: await catalogue.add({ type: 'dataset', name: 'a little', access: 'compute' }, [files.data]),
    algorithm: await catalogue.add({ type: 'algorithm', name: 'trivial', access: 'access', container }, [files.code]),
  };
}
