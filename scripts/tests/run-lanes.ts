/** Divides test files over lanes: each takes the next one as soon as it is free. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createLane, type FileResult, type Lane } from './lane.ts';
import { inOrder } from './order.ts';

interface LanesOptions {
  readonly count: number;
  /** Where the lanes write what is said in them. */
  readonly dir: string;
  /** Mocha's. */
  readonly options: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly onResult: (result: FileResult) => void;
}

/** All results, in the order in which the files ended. After the first failure none is begun if mocha is to bail out. */
export async function runLanes(
  files: readonly string[],
  { count, dir, options, variables, onResult }: LanesOptions,
): Promise<readonly FileResult[]> {
  await mkdir(dir, { recursive: true });
  const { beside, alone } = inOrder(files);
  const isBailing = options.some((word) => word === '--bail' || word === '-b');
  const results: FileResult[] = [];
  const stopped = new AbortController();

  const laneOf = (name: string) => createLane({ name, outputFile: join(dir, `${name}.log`), options, variables });
  const work = async (lane: Lane, queue: string[]) => {
    for (let file = queue.shift(); file !== undefined && !stopped.signal.aborted; file = queue.shift()) {
      const result = await lane.run(file);
      results.push(result);
      onResult(result);
      if (isBailing && result.failed > 0) stopped.abort();
    }
  };

  const lanes = Array.from({ length: Math.min(count, Math.max(beside.length, 1)) }, (_, index) =>
    laneOf(`lane-${index + 1}`),
  );
  const interrupt = (signal: NodeJS.Signals) => {
    stopped.abort();
    for (const lane of lanes) lane.interrupt(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const queue = [...beside];
    const [first, ...others] = lanes;
    await Promise.all(lanes.map((lane) => work(lane, queue)));
    // Also those that stand idle: what they hold open, such as a connection to the engine, is no longer beside the others.
    await Promise.all(others.map((lane) => lane.end()));
    if (first) await work(first, [...alone]);
    return results;
  } finally {
    await Promise.all(lanes.map((lane) => lane.end()));
    for (const signal of signals) process.off(signal, interrupt);
  }
}
