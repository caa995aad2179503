/** What one job asks of the engine, through the node and by raw dockerode. */
import { table } from '../stats.ts';
import { closedLoop } from './closed-loop.ts';
import type { EngineCalls } from './engine-calls.ts';
import type { Subject } from './subject.ts';

const JOBS = 40;
const PLACES = 4;

export async function showCalls(
  subject: Subject,
  { node, raw }: { readonly node: EngineCalls; readonly raw: EngineCalls },
): Promise<Readonly<Record<string, number>>> {
  const each = async (calls: EngineCalls, once: () => Promise<void>) => {
    await closedLoop({ jobs: PLACES, places: PLACES }, once);
    calls.take();
    await closedLoop({ jobs: JOBS, places: PLACES }, once);
    return calls.take();
  };
  const ways = {
    node: await each(node, () => subject.throughNode(PLACES)),
    raw: await each(raw, () => subject.raw()),
  };
  const kinds = [...new Set([...ways.node.keys(), ...ways.raw.keys()])].toSorted();
  const share = (way: keyof typeof ways, kind: string) => (ways[way].get(kind) ?? 0) / JOBS;
  const sum = (way: keyof typeof ways) => [...ways[way].values()].reduce((total, count) => total + count, 0) / JOBS;
  console.log('calls to the engine for each job; what the node asks now and then is among them\n');
  console.log(
    table([
      ['', 'node', 'raw dockerode'],
      ...kinds.map((kind) => [kind, share('node', kind).toFixed(1), share('raw', kind).toFixed(1)]),
      ['in all', sum('node').toFixed(1), sum('raw').toFixed(1)],
    ]),
  );
  const tenth = (value: number) => Math.round(value * 10) / 10;
  return { callsAJob: tenth(sum('node')), rawCallsAJob: tenth(sum('raw')) };
}
