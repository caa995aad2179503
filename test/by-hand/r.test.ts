/**
 * Programs in R, in the ways of published algorithms, on a whole node. R is 170 MB of Debian's packages, so this is not among the tests that
 * `npm test` runs by itself:
 *
 *   apt-get install --no-install-recommends r-base-core
 *   npm test -- test/by-hand/r.test.ts
 */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { DEMO_IMAGE } from '../../scripts/demo/assets.ts';
import { askEngine } from '../../scripts/parts/engine.ts';
import { importRImage } from '../support/algorithms/r-image.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

const IMAGE = 'localhost/capstan-test/r';
const TAG = randomBytes(4).toString('hex');
const START_LIMIT_MS = 180_000;
const CELLS = 'city,value\nOslo,1\nZürich,2\nLima,3\n';

/** What it must leave, by the name of the file. */
interface Program {
  readonly code: string;
  readonly entrypoint?: string;
  readonly outputs: Readonly<Record<string, RegExp>>;
  readonly log?: RegExp;
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  'that builds its paths from DIDS, and writes tables': {
    code: `dids <- gsub('[]"[]', '', strsplit(Sys.getenv("DIDS"), ",")[[1]])
cells <- read.csv(file.path("/data/inputs", dids[1], "0"))
print(summary(cells$value))
write.csv(data.frame(mean = mean(cells$value)), "/data/outputs/mean.csv", row.names = FALSE)
saveRDS(cells, "/data/outputs/cells.rds")`,
    outputs: { 'mean.csv': /^"mean"\n2\n$/, 'cells.rds': /./ },
    log: /Median/,
  },
  'that plots to files without a display': {
    code: `did <- list.files(Sys.getenv("INPUTS"), pattern = "^[0-9a-f]{64}$")
cells <- read.csv(file.path(Sys.getenv("INPUTS"), did, "0"), encoding = "UTF-8")
pdf(file.path(Sys.getenv("OUTPUTS"), "plot.pdf"))
barplot(cells$value, names.arg = cells$city)
invisible(dev.off())
svg("data/outputs/plot.svg")
plot(cells$value, main = cells$city[2])
invisible(dev.off())
png("/data/outputs/plot.png", type = "cairo")
plot(cells$value)
invisible(dev.off())`,
    outputs: { 'plot.pdf': /^%PDF/, 'plot.svg': /<svg/, 'plot.png': /^\ufffdPNG/ },
  },
  'that works beside itself, at home and in a temporary folder': {
    code: `model <- lm(dist ~ speed, data = cars)
save(model, file = "model.RData")
invisible(file.copy("model.RData", "/data/outputs/"))
writeLines("x", file.path(path.expand("~"), "kept"))
writeLines("y", tempfile())
cat(Sys.info()[["user"]], getwd(), path.expand("~"), "\\n")`,
    outputs: { 'model.RData': /./ },
    log: /^job \/scratch \/scratch/m,
  },
  'that is started as a batch, and fails with what it said': {
    code: 'cat("begun\\n")\nstop("no such column")',
    entrypoint: 'R --slave --no-restore --file=$ALGO',
    outputs: {},
    log: /(?=[^]*begun)(?=[^]*no such column)/,
  },
};

describe('a program in R', () => {
  let node: TestNode;
  let dataset: Ddo;
  before(async function () {
    this.timeout(START_LIMIT_MS);
    await importRImage(`${IMAGE}:${TAG}`);
    const variables = { CAPSTAN_RUNNER_IMAGES_LOCAL: JSON.stringify([DEMO_IMAGE.image, IMAGE]) };
    node = await startTestNode({ limits: { memoryGB: 1, diskGB: 0.1 }, variables });
    dataset = await node.addDataset({ files: [{ text: CELLS }] });
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
    await askEngine('DELETE', `/images/${IMAGE}:${TAG}?force=1`);
  });

  const textOf = async ({ jobId, results }: StatusObject, filename: string) => {
    const { index } = results.find((file) => file.filename === filename) ?? {};
    expect(index, `${filename} is among the results`).to.be.a('number');
    return (await node.consumer.result(jobId, index ?? -1)).text();
  };

  for (const [name, { code, entrypoint = 'Rscript $ALGO', outputs, log }] of Object.entries(PROGRAMS)) {
    it(name, async () => {
      const algorithm = await node.addAlgorithm({ code, container: { image: IMAGE, tag: TAG, entrypoint } });
      await using live = await node.consumer.follow();
      const { jobId } = await node.consumer.start(node.orderOf(dataset, algorithm));
      const { job } = await live.ended(jobId);
      const said = await textOf(job, 'algorithm.log');
      expect(job.status, `${job.terminationDetails?.reason}\n${said}`).to.equal(name.includes('fails') ? 41 : 70);
      if (log) expect(said).to.match(log);
      for (const [filename, content] of Object.entries(outputs))
        expect(await textOf(job, filename), filename).to.match(content);
    });
  }
});
