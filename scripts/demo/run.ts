/** The demo from start to end, as a story. What must be released is, whatever happens. */
import { join } from 'node:path';
import type { StatusObject } from '@capstan/shared/contract/api';
import { isEnding, isStatusCode } from '@capstan/shared/contract/status';
import { createConsumer } from '../parts/consumer.ts';
import { leftoversOf, removeLeftovers } from '../parts/engine.ts';
import { startNode } from '../parts/node.ts';
import { ROOT } from '../parts/service.ts';
import { temporaryFolder } from '../parts/temporary-folder.ts';
import { unless } from '../parts/until-signal.ts';
import { catalogueIn, DEMO_IMAGE_ALLOWED, demoOrder, publishDemoAssets } from './assets.ts';
import { createProgressLine } from './progress-line.ts';
import { parseReport, reportLines } from './report.ts';
import { openSale } from './sale.ts';
import { saveResults, type SavedResult } from './results.ts';

const JOB_LIMIT_MS = 120_000;
const LOG_TAIL = 8;

export interface DemoOptions {
  /** A name that no other node on this machine uses. */
  readonly environment: string;
  readonly isKept: boolean;
  /** Whether the job is paid for, on a chain of the demo's own. */
  readonly isPaid: boolean;
  readonly say: (text: string) => void;
  /** Width of the terminal, if there is one. */
  readonly columns?: number;
  readonly signal: AbortSignal;
}

export interface DemoOutcome {
  readonly jobId: string;
  readonly statuses: readonly { readonly status: number; readonly statusText: string; readonly ms: number }[];
  readonly results: readonly SavedResult[];
  readonly dataDir: string;
}

export async function runDemo({
  environment,
  isKept,
  isPaid,
  say,
  columns,
  signal,
}: DemoOptions): Promise<DemoOutcome> {
  const line = (text = '') => say(`${text}\n`);
  // Released in reverse: the runner stops, then goes what it left, then the folder.
  await using releases = new AsyncDisposableStack();
  const folder = releases.use(await temporaryFolder('demo', { isKept }));
  releases.defer(async () => removeLeftovers(await leftoversOf((runnerId) => runnerId === environment)));
  line(`Capstan: one job, from order to result${isPaid ? ', paid for on a chain' : ''}\n`);
  const sale = isPaid ? releases.use(await openSale(line)) : undefined;
  signal.throwIfAborted();
  const assets = await publishDemoAssets(await catalogueIn(folder.path), sale?.tokens);
  line('  data       demo/data/weather.csv: four years of daily weather of two cities (NOAA, public domain)');
  line('  algorithm  demo/algorithm.js, published in the catalogue of the node, runs beside the data without network');

  const startedAt = performance.now();
  const node = releases.use(
    await startNode({
      dataDir: folder.path,
      variables: {
        ...DEMO_IMAGE_ALLOWED,
        CAPSTAN_RUNNER_ID: environment,
        CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([
          { id: environment, desc: 'The demo', maxJobs: 1, ...sale?.environment },
        ]),
        ...sale?.variables,
      },
    }),
  );
  signal.throwIfAborted();
  line(
    `  node       ${node.url}: NATS, gateway and runner, started in ${Math.round(performance.now() - startedAt)} ms`,
  );

  const consumer = createConsumer(node.url, sale?.consumer);
  line(`  consumer   ${consumer.address}: ${sale ? 'pays and signs' : 'a new wallet, signs'} its order`);
  const wanted = demoOrder(assets, environment);
  const order = sale ? await unless(signal, sale.pay(node.url, wanted)) : wanted;
  // Whoever listens before ordering hears everything.
  const following = consumer.follow();
  // Also if nobody waits for it any more: it would look for the node for ever.
  releases.defer(async () => (await following.catch(() => undefined))?.close());
  const live = await unless(signal, following);
  const progress = createProgressLine({ write: say, ...(columns === undefined ? {} : { columns }) });
  const statuses: { status: number; statusText: string; ms: number }[] = [];
  line();
  const orderedAt = performance.now();
  live.onEvent(({ status, statusText }) => {
    const ms = performance.now() - orderedAt;
    statuses.push({ status, statusText, ms: Math.round(ms) });
    progress.add(statusText, ms);
    if (isStatusCode(status) && isEnding(status)) progress.end();
  });
  const { jobId } = await unless(signal, consumer.start(order));
  const { job } = await unless(signal, live.ended(jobId, JOB_LIMIT_MS));
  if (job.status !== 70) throw new Error(unexpectedEnd(job));

  const results = await unless(signal, saveResults(consumer, job, join(ROOT, 'var', 'demo')));
  const [log] = results.filter(({ type }) => type === 'algorithmLog');
  line('\nwhat the algorithm said');
  for (const text of tail(log?.bytes.toString('utf8') ?? '')) line(`  ${text}`);
  const report = results.find(({ filename }) => filename === 'rain.json');
  if (report === undefined) throw new Error('The algorithm left no rain.json.');
  const hasUnicode = /utf-?8/i.test(process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || '');
  line();
  for (const text of reportLines(parseReport(JSON.parse(report.bytes.toString('utf8'))), { hasUnicode })) {
    line(text === '' ? '' : `  ${text}`);
  }
  if (sale) for (const text of await sale.account()) line(text);
  return { jobId, statuses, results, dataDir: folder.path };
}

function unexpectedEnd({ status, statusText, terminationDetails }: StatusObject): string {
  return `the job ended with ${status} ${statusText}. ${terminationDetails?.reason ?? ''}`.trim();
}

function tail(text: string): readonly string[] {
  return text.trimEnd().split('\n').slice(-LOG_TAIL);
}
