/** Many jobs in a row: whether the last ones are as fast as the first, and the services as large. */
import { median, table, tenths } from '../stats.ts';
import { closedLoop, type Loop } from './closed-loop.ts';
import { memoryMb } from './process-use.ts';
import type { Subject } from './subject.ts';

const PART = 100;
const WARM_UP = 20;

export async function endure(subject: Subject, { jobs, places }: Loop): Promise<Readonly<Record<string, number>>> {
  const { runner, gateway } = subject.node;
  const sizes: { readonly runner: number; readonly gateway: number }[] = [];
  const look = async () =>
    void sizes.push({ runner: await memoryMb(runner().pid), gateway: await memoryMb(gateway().pid) });
  await closedLoop({ jobs: WARM_UP, places }, () => subject.throughNode(places));
  await look();
  const { jobMs, perSecond } = await closedLoop({ jobs, places }, async (index) => {
    await subject.throughNode(places);
    if ((index + 1) % PART === 0) await look();
  });
  const [first, last] = [jobMs.slice(0, PART), jobMs.slice(-PART)].map((part) => median(part));
  const rows = [...sizes.entries()].map(([index, size]) => {
    const part = jobMs.slice((index - 1) * PART, index * PART);
    return [
      String(index * PART),
      part.length > 0 && index > 0 ? median(part).toFixed(0) : '',
      String(size.runner),
      String(size.gateway),
    ];
  });
  console.log(`${jobs} jobs in a row at ${places} places, ${perSecond.toFixed(2)} a second\n`);
  console.log(table([['jobs', 'p50 ms of a job', 'runner MB (PSS)', 'gateway MB'], ...rows]));
  const most = (of: (size: (typeof sizes)[number]) => number) => Math.max(...sizes.map(of));
  return {
    jobs,
    firstP50Ms: tenths(first ?? 0),
    lastP50Ms: tenths(last ?? 0),
    lastToFirst: Math.round(((last ?? 0) / (first ?? 1)) * 100) / 100,
    runnerMb: most((size) => size.runner),
    gatewayMb: most((size) => size.gateway),
  };
}
