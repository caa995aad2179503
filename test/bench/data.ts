/**
 * A large file into a job and out again: through the node, from its catalogue and from a web server, and with `docker cp`. One run, in
 * turns. `npm run bench:data -- --rounds 3 --mb 1000`.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { catalogueIn, DEMO_IMAGE, DEMO_IMAGE_ALLOWED } from '../../scripts/demo/assets.ts';
import { createConsumer } from '../../scripts/parts/consumer.ts';
import { leftoversOf, removeLeftovers } from '../../scripts/parts/engine.ts';
import { startNode } from '../../scripts/parts/node.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { createDockerCp, settle, type Copied } from './data/docker-cp.ts';
import { createDataThroughNode, type Carried } from './data/node.ts';
import { machine } from './machine.ts';
import { median, table } from './stats.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';

const USAGE = 'usage: npm run bench:data -- [--rounds N] [--mb N]   3 rounds with 1000 MB if not given';

const { values } = readCommandLine(USAGE, {
  options: {
    rounds: { type: 'string', default: '3' },
    mb: { type: 'string', default: '1000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [rounds, mb] = [Number(values.rounds), Number(values.mb)];
if (values.help || !Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(mb) || mb < 1) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}

const environment = `bench-${process.pid}`;
await using releases = new AsyncDisposableStack();
const folder = releases.use(await temporaryFolder('bench'));
releases.defer(async () => removeLeftovers(await leftoversOf((runnerId) => runnerId === environment)));

const file = join(folder.path, 'large');
await writeFile(file, content(mb));
const algorithmFile = join(folder.path, 'copy.sh');
await writeFile(algorithmFile, 'cat /data/inputs/*/0 > /data/outputs/copy\nsync\n');
const server = createServer((_, response) => {
  response.setHeader('content-length', mb * 1e6);
  createReadStream(file, { highWaterMark: 1 << 18 }).pipe(response);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
releases.defer(() => void server.close());

const catalogue = await catalogueIn(folder.path);
const datasetOf = (source: string) =>
  catalogue.add({ type: 'dataset', name: 'a large file', access: 'compute' }, [source]);
const datasets = {
  catalogue: await datasetOf(file),
  http: await datasetOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}/large`),
};
const container = { ...DEMO_IMAGE, entrypoint: 'sh $ALGO' };
const algorithm = await catalogue.add({ type: 'algorithm', name: 'copies', access: 'access', container }, [
  algorithmFile,
]);
const node = releases.use(
  await startNode({
    dataDir: folder.path,
    variables: {
      CAPSTAN_LOG_LEVEL: 'debug',
      ...DEMO_IMAGE_ALLOWED,
      CAPSTAN_RUNNER_ID: environment,
      CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: environment, maxJobs: 1, diskGB: (2 * mb) / 1_000 }]),
      CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.1/32"]',
    },
  }),
);
const consumer = createConsumer(node.url);
const live = releases.use(await consumer.follow());
const throughNode = createDataThroughNode({ node, consumer, live, algorithm, environment });
const dockerCp = createDockerCp({ image: `${DEMO_IMAGE.image}:${DEMO_IMAGE.tag}`, dir: folder.path });

const copied: Copied[] = [];
const carried: Record<keyof typeof datasets, Carried[]> = { catalogue: [], http: [] };
const idle = await throughNode.memoryMb();
for (let round = 0; round < rounds; round += 1) {
  const ways = ['docker', 'catalogue', 'http'] as const;
  // Whoever goes first finds the machine as the other left it: take turns.
  for (const way of [...ways.slice(round % 3), ...ways.slice(0, round % 3)]) {
    await settle();
    if (way === 'docker') copied.push(await dockerCp.once(file));
    else carried[way].push(await throughNode.once(datasets[way]));
  }
}

const rate = (times: readonly number[]) => (mb * 1_000) / median(times);
const rates = {
  dockerIn: rate(copied.map(({ inMs }) => inMs)),
  dockerOut: rate(copied.map(({ outMs }) => outMs)),
  catalogueIn: rate(carried.catalogue.map(({ provisionMs }) => provisionMs)),
  httpIn: rate(carried.http.map(({ provisionMs }) => provisionMs)),
  out: rate([...carried.catalogue, ...carried.http].map(({ publishMs }) => publishMs)),
};
const hundredths = (value: number) => Math.round(value * 100) / 100;
const memory = await throughNode.memoryMb();
const result = {
  bench: 'data',
  provisionToDockerCp: hundredths(rates.catalogueIn / rates.dockerIn),
  httpProvisionToDockerCp: hundredths(rates.httpIn / rates.dockerIn),
  publishToDockerCp: hundredths(rates.out / rates.dockerOut),
  peakRssMb: memory.peak,
};
const row = (name: string, value: number, ratio?: number) => [name, value.toFixed(0), ratio?.toFixed(2) ?? ''];

console.log(`a file of ${mb} MB, ${rounds} times each way, in turns; medians`);
console.log(`${machine()}; into volumes unsynced, out of them with fdatasync, both ways alike\n`);
console.log(
  table([
    ['', 'MB/s', 'of docker cp'],
    row('docker cp into a volume', rates.dockerIn),
    row('provision, from the catalogue', rates.catalogueIn, result.provisionToDockerCp),
    row('provision, from a web server', rates.httpIn, result.httpProvisionToDockerCp),
    row('docker cp out of a volume', rates.dockerOut),
    row('publish', rates.out, result.publishToDockerCp),
  ]),
);
console.log(`\nmemory of the runner: ${idle.now} MB before, ${memory.peak} MB at most`);
console.log(`\n${JSON.stringify(result)}`);

/** Bytes that nothing on the way can press smaller, without making each of them by chance. */
function* content(megabytes: number): Generator<Buffer> {
  const block = randomBytes(1e6);
  for (let n = 0; n < megabytes; n += 1) {
    block.writeUInt32BE(n);
    yield Buffer.from(block);
  }
}
