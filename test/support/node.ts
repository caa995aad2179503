/** A whole real node for a test: its own folder, ports, NATS, runner id and environment; nothing of it stays. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Ddo } from '@capstan/shared/contract/ddo';
import { didSuffix } from '@capstan/shared/contract/ids';
import type { EnvironmentConfig } from '@capstan/shared/config/environment';
import { keptId } from '../../services/runner/src/host/identity.ts';
import type { NewAsset } from '../../scripts/catalogue/ddo.ts';
import type { Catalogue } from '../../scripts/catalogue/catalogue.ts';
import { assetOrder, catalogueIn, DEMO_IMAGE, DEMO_IMAGE_ALLOWED } from '../../scripts/demo/assets.ts';
import { createConsumer, type Consumer, type Order } from '../../scripts/parts/consumer.ts';
import { leftoversOf, removeLeftovers, type Leftovers } from '../../scripts/parts/engine.ts';
import { startNode, type LocalNode, type NodeOptions } from '../../scripts/parts/node.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';

/** Runners of tests of this process; the root hooks look for what they left. */
export const TEST_PREFIX = `test-${process.pid}-`;

/** Runs JavaScript in the image that the set-up builds. */
export const NODE_CONTAINER: Container = { ...DEMO_IMAGE, entrypoint: 'node $ALGO' };

interface NewDataset {
  /** The files: text of their own, or an http(s) URL each. */
  readonly files?: readonly ({ readonly text: string } | { readonly url: string })[];
  readonly isRawAllowed?: boolean;
  readonly isNetworkAllowed?: boolean;
  readonly access?: 'access' | 'compute';
}

interface NewAlgorithm {
  readonly code: string;
  readonly container?: Container;
  /** The tokens that stand for it on a chain. */
  readonly token?: NewAsset['token'];
}

export interface TestNode extends LocalNode {
  readonly environment: string;
  readonly consumer: Consumer;
  readonly catalogue: Catalogue;
  addDataset(dataset?: NewDataset): Promise<Ddo>;
  addAlgorithm(algorithm: NewAlgorithm): Promise<Ddo>;
  /** Puts a description into the catalogue, in place of the one of the same DID. */
  writeDdo(ddo: Ddo): Promise<void>;
  /** An order of published assets. */
  orderOf(dataset: Ddo, algorithm: Ddo): Order;
  /** An order of code that nobody published, on a dataset that allows it. */
  rawOrderOf(dataset: Ddo, rawcode: string, container?: Container): Order;
  /** What the engine has of this node's jobs. */
  leftovers(): Promise<Leftovers>;
}

export interface TestNodeOptions {
  /** Further `CAPSTAN_…` settings. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Further ones of gateway or runner alone. */
  readonly own?: NodeOptions['own'];
  /** Checkouts of other releases. */
  readonly roots?: NodeOptions['roots'];
  /** The runner makes its own id, as it does where nobody gives it one. */
  readonly hasOwnId?: boolean;
  /** Limits of the environment. */
  readonly limits?: Partial<EnvironmentConfig>;
  /** Environments beside the one that the node has for itself. */
  readonly moreEnvironments?: readonly Partial<Omit<EnvironmentConfig, 'id'> & { readonly id: string }>[];
}

export async function startTestNode({
  variables = {},
  own = {},
  roots = {},
  hasOwnId = false,
  limits = {},
  moreEnvironments = [],
}: TestNodeOptions = {}): Promise<TestNode> {
  const environment = TEST_PREFIX + randomBytes(4).toString('hex');
  // Released in reverse; moved to the node once it stands.
  await using releases = new AsyncDisposableStack();
  const folder = releases.use(await temporaryFolder('test'));
  const leftovers = async () => {
    const id = hasOwnId ? await keptId(join(folder.path, 'runner.json')) : environment;
    return leftoversOf((runnerId) => runnerId === id);
  };
  releases.defer(async () => removeLeftovers(await leftovers()));
  const catalogue = await catalogueIn(folder.path);
  const node = releases.use(
    await startNode({
      dataDir: folder.path,
      own,
      roots,
      variables: {
        // A release that has no such setting would refuse to start.
        ...(Object.keys(roots).length > 0 ? {} : DEMO_IMAGE_ALLOWED),
        ...(hasOwnId ? {} : { CAPSTAN_RUNNER_ID: environment }),
        CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: environment, maxJobs: 2, ...limits }, ...moreEnvironments]),
        ...variables,
      },
      // To see what the parts of a failing test say: SHOW_LOGS=1 npm test -- --grep …
      ...(process.env.SHOW_LOGS ? { onLine: (part, line) => console.error(`${part}: ${line}`) } : {}),
    }),
  );
  const kept = releases.move();

  const fileOf = async (text: string) => {
    const path = join(folder.path, `source-${randomBytes(6).toString('hex')}`);
    await writeFile(path, text);
    return path;
  };

  return {
    ...node,
    environment,
    consumer: createConsumer(node.url),
    catalogue,
    async addDataset({ files = [{ text: 'some data\n' }], access = 'compute', ...rights } = {}) {
      const sources = await Promise.all(files.map(async (file) => ('url' in file ? file.url : fileOf(file.text))));
      return catalogue.add({ type: 'dataset', name: 'A dataset of a test', access, ...rights }, sources);
    },
    async addAlgorithm({ code, container = NODE_CONTAINER, token }) {
      const named = { type: 'algorithm', name: 'An algorithm of a test', access: 'access', container } as const;
      const asset = { ...named, ...(token === undefined ? {} : { token }) };
      return catalogue.add(asset, [await fileOf(code)]);
    },
    async writeDdo(ddo) {
      await mkdir(catalogue.dir, { recursive: true });
      await writeFile(join(catalogue.dir, `${didSuffix(ddo.id)}.json`), JSON.stringify(ddo));
    },
    orderOf: (dataset, algorithm) => ({ environment, dataset: assetOrder(dataset), algorithm: assetOrder(algorithm) }),
    rawOrderOf: (dataset, rawcode, container = NODE_CONTAINER) => ({
      environment,
      dataset: assetOrder(dataset),
      algorithm: { meta: { rawcode, container } },
    }),
    leftovers,
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
    },
  };
}
