import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Container } from '@capstan/shared/contract/ddo';
import { DEMO_IMAGE } from '../../scripts/demo/assets.ts';
import { assetOrder } from '../../scripts/demo/assets.ts';
import { askEngine } from '../../scripts/parts/engine.ts';
import { importDebianImage } from '../support/algorithms/debian-image.ts';
import { IMAGE, NAMED_IMAGE, PROGRAMS, TAG, type Program } from '../support/algorithms/programs.ts';
import { importPythonImage } from '../support/algorithms/python-image.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

const node24 = (entrypoint: string): Container => ({ ...DEMO_IMAGE, entrypoint });
const NUMBERS = ['value\n1\n2\n3\n'];

describe('published algorithms', () => {
  let node: TestNode;
  before(async function () {
    this.timeout(180_000);
    await importPythonImage(`${IMAGE}:${TAG}`);
    await importDebianImage({
      name: `${NAMED_IMAGE}:${TAG}`,
      programs: [],
      folders: [],
      more: [],
      applets: ['sh', 'whoami', 'id', 'cat', 'pwd', 'touch'],
      passwd: Array.from(
        { length: 10_000 },
        (_, place) => `analyst:x:${10_001 + place}:10001::/home/analyst:/bin/sh\n`,
      ).join(''),
      texts: { 'count.sh': 'echo "$# words, $(cat data/inputs/*/0)"\n' },
      changes: ['ENV PATH=/bin'],
    });
    node = await startTestNode({
      limits: { maxJobs: 2, memoryGB: 1, diskGB: 0.1 },
      variables: { CAPSTAN_RUNNER_IMAGES_LOCAL: JSON.stringify([DEMO_IMAGE.image, IMAGE, NAMED_IMAGE]) },
    });
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
    await askEngine('DELETE', `/images/${IMAGE}:${TAG}?force=1`);
    await askEngine('DELETE', `/images/${NAMED_IMAGE}:${TAG}?force=1`);
  });

  const addAlgorithm = async (container: Container, files: readonly (string | Buffer)[]) => {
    const paths = await Promise.all(
      files.map(async (content) => {
        const path = join(node.dataDir, `algorithm-${randomBytes(6).toString('hex')}`);
        await writeFile(path, content);
        return path;
      }),
    );
    return node.catalogue.add({ type: 'algorithm', name: 'An algorithm', access: 'access', container }, paths);
  };

  const run = async (program: Omit<Program, 'code'>, files: readonly (string | Buffer)[]) => {
    const datasets = await Promise.all(
      (program.datasets ?? [NUMBERS]).map((texts) => node.addDataset({ files: texts.map((text) => ({ text })) })),
    );
    const [first, ...others] = datasets;
    if (first === undefined) throw new TypeError('there is one');
    const algorithm = await addAlgorithm(program.container, files);
    const order = node.orderOf(first, algorithm);
    await using live = await node.consumer.follow();
    const { jobId } = await node.consumer.start({
      ...order,
      ...(others.length > 0 ? { additionalDatasets: others.map(assetOrder) } : {}),
      algorithm: { ...order.algorithm, ...(program.custom === undefined ? {} : { algocustomdata: program.custom }) },
    });
    return (await live.ended(jobId)).job;
  };

  const textOf = async ({ jobId, results }: StatusObject, filename: string) => {
    const { index } = results.find((file) => file.filename === filename) ?? {};
    expect(index, `${filename} is among the results`).to.be.a('number');
    return (await node.consumer.result(jobId, index ?? -1)).text();
  };

  for (const [name, program] of Object.entries(PROGRAMS)) {
    it(name, async () => {
      const files = typeof program.code === 'string' ? [program.code] : program.code;
      const job = await run(program, files);
      const log = await textOf(job, 'algorithm.log');
      expect(job.status, `${job.terminationDetails?.reason}\n${log}`).to.equal(program.status ?? 70);
      if (program.log) expect(log).to.match(program.log);
      for (const [filename, content] of Object.entries(program.outputs ?? {})) {
        const given = await textOf(job, filename);
        if (typeof content === 'string') expect(given).to.equal(content);
        else expect(given).to.match(content);
      }
      if (program.outputs) {
        const outputs = job.results.filter(({ type }) => type === 'output').map(({ filename }) => filename);
        expect(outputs).to.have.members(Object.keys(program.outputs));
      }
    });
  }

  it('a static binary', async () => {
    // The one that every Debian has.
    const job = await run({ container: node24('$ALGO --version') }, [await readFile('/sbin/ldconfig')]);
    expect(job.status, job.terminationDetails?.reason).to.equal(70);
    expect(await textOf(job, 'algorithm.log')).to.match(/^ldconfig .*\d/);
  });
});
