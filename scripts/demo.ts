/** `npm run demo`: a node of its own, a real job on real data from order to result, and nothing left of it. */
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { messageOf } from '@capstan/shared/contract/errors';
import { runDemo, type DemoOutcome } from './demo/run.ts';
import { interruptions } from './parts/until-signal.ts';
import { readCommandLine } from './parts/command-line.ts';

const USAGE = `usage: npm run demo -- [options]

Starts a node (NATS, gateway, runner) on free ports and in a folder of its own, publishes a dataset and an algorithm in its
catalogue, orders a job as a consumer would, shows its statuses live and its result, and stops everything.

  --paid   the same on a chain: Ocean's contracts on an Ethereum node of its own, where the owners sell and the consumer pays
  --keep   keep the node's data folder, and say where it is
  --json   print one JSON object instead of text
  --help   this text

The results stay in var/demo.`;

const { values } = readCommandLine(USAGE, {
  options: {
    paid: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const signal = interruptions();
  const startedAt = performance.now();
  const say = values.json ? () => {} : (text: string) => void process.stdout.write(text);
  try {
    const outcome = await runDemo({
      environment: `demo-${process.pid}-${randomBytes(4).toString('hex')}`,
      isKept: values.keep,
      isPaid: values.paid,
      say,
      ...(process.stdout.columns === undefined || values.json ? {} : { columns: process.stdout.columns }),
      signal,
    });
    tell(outcome, performance.now() - startedAt);
  } catch (error) {
    process.exitCode ||= 1;
    console.error(`\nThe demo ended early: ${messageOf(error)}`);
  }
}

function tell({ jobId, statuses, results, dataDir }: DemoOutcome, totalMs: number): void {
  if (values.json) {
    const files = results.map(({ filename, type, path, sizeBytes, sha256 }) => ({
      filename,
      type,
      path,
      sizeBytes,
      sha256,
    }));
    console.log(JSON.stringify({ jobId, statuses, results: files, totalMs: Math.round(totalMs) }));
    return;
  }
  console.log('\nresults');
  for (const { path, sizeBytes, sha256 } of results) {
    console.log(`  ${relative(process.cwd(), path)}  ${sizeBytes} bytes, sha256 ${sha256}`);
  }
  if (values.keep) console.log(`\nThe node's data folder stays: ${dataDir}`);
  console.log(`\nDone in ${(totalMs / 1000).toFixed(1)} s. The node has stopped; your own starts with: npm start`);
}
