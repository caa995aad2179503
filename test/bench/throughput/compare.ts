/** The node beside raw dockerode, in turns. */
import { median, table } from '../stats.ts';
import { closedLoop } from './closed-loop.ts';
import { processorMs } from './process-use.ts';
import type { Subject } from './subject.ts';

/** Of each way in each round. */
const JOBS_A_PLACE = 6;

interface Round {
  readonly node: number;
  readonly raw: number;
  /** Milliseconds of processor a job. */
  readonly runnerMs: number;
  readonly gatewayMs: number;
}

export async function compare(
  subject: Subject,
  { places, rounds }: { readonly places: readonly number[]; readonly rounds: number },
): Promise<Readonly<Record<string, number>>> {
  const found = new Map<number, Round[]>(places.map((count) => [count, []]));
  // Both ways are warm before anything counts.
  for (const count of places) {
    await closedLoop({ jobs: 2 * count, places: count }, () => subject.throughNode(count));
    await closedLoop({ jobs: count, places: count }, () => subject.raw());
  }
  for (let round = 0; round < rounds; round += 1)
    for (const count of places) found.get(count)?.push(await once(subject, count, round % 2 === 0));

  const rows = places.map((count) => rowOf(count, found.get(count) ?? []));
  console.log(`closed loop of a trivial job, ${rounds} rounds of ${JOBS_A_PLACE} jobs a place each way, in turns\n`);
  console.log(
    table([
      ['places', 'node jobs/s', 'raw dockerode', 'ratio', 'least…most', 'runner ms', 'gateway ms'],
      ...rows.map(({ cells }) => cells),
    ]),
  );
  console.log('\nmedians over the rounds; the ratio is that of each round; processor time of a job in the node');
  return Object.fromEntries(rows.map(({ name, ratio }) => [name, ratio]));
}

async function once(subject: Subject, places: number, isNodeFirst: boolean): Promise<Round> {
  const jobs = JOBS_A_PLACE * places;
  const { runner, gateway } = subject.node;
  const rates = { node: 0, raw: 0 };
  const spent = { runner: 0, gateway: 0 };
  for (const way of isNodeFirst ? (['node', 'raw'] as const) : (['raw', 'node'] as const)) {
    const before = { runner: await processorMs(runner().pid), gateway: await processorMs(gateway().pid) };
    const looped = await closedLoop({ jobs, places }, () =>
      way === 'node' ? subject.throughNode(places) : subject.raw(),
    );
    rates[way] = looped.perSecond;
    if (way === 'raw') continue;
    spent.runner = (await processorMs(runner().pid)) - before.runner;
    spent.gateway = (await processorMs(gateway().pid)) - before.gateway;
  }
  return { ...rates, runnerMs: spent.runner / jobs, gatewayMs: spent.gateway / jobs };
}

const hundredths = (value: number) => Math.round(value * 100) / 100;

function rowOf(places: number, rounds: readonly Round[]) {
  const of = (read: (round: Round) => number) => median(rounds.map(read));
  const ratios = rounds.map(({ node, raw }) => node / raw);
  const ratio = hundredths(median(ratios));
  const spread = `${Math.min(...ratios).toFixed(2)}…${Math.max(...ratios).toFixed(2)}`;
  const cells = [
    String(places),
    of(({ node }) => node).toFixed(2),
    of(({ raw }) => raw).toFixed(2),
    ratio.toFixed(2),
    spread,
    of(({ runnerMs }) => runnerMs).toFixed(0),
    of(({ gatewayMs }) => gatewayMs).toFixed(0),
  ];
  return { name: `ratio${places}`, ratio, cells };
}
