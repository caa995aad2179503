/** The node that is measured: how long after the end of a container its subscribers know, and how long an event takes to reach all of them. */
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import type { StatusObject } from '@capstan/shared/contract/api';
import { assetOrder, catalogueIn, DEMO_IMAGE, DEMO_IMAGE_ALLOWED } from '../../../scripts/demo/assets.ts';
import { createConsumer, type Order } from '../../../scripts/parts/consumer.ts';
import { leftoversOf, removeLeftovers } from '../../../scripts/parts/engine.ts';
import { startNode } from '../../../scripts/parts/node.ts';
import { parseEntry } from '../../../scripts/parts/service.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { memoryMB } from '../../support/gateway/raw.ts';
import type { Crowd } from '../../support/live/crowd.ts';
import { gatherCrowd } from '../../support/live/crowd.ts';
import { told } from '../../support/live/event-stream.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Subject extends AsyncDisposable {
  /** All follow the jobs of the one consumer there is. */
  readonly crowd: Crowd;
  open(count: number): Promise<void>;
  /** Runs a job; resolves to how many milliseconds after the end of its container each subscriber knew of it. */
  exitToFrame(): Promise<readonly number[]>;
  /** Keeps the one place of the node busy, so that whatever else is ordered makes a single event. */
  occupy(): Promise<{ readonly frameBytes: number }>;
  /** Orders a job that has to wait; resolves to when each subscriber knew. */
  oneEvent(): Promise<readonly number[]>;
  gatewayMB(): Promise<number>;
}

const LIMIT_MS = 120_000;
const QUICK = 'process.exitCode = 0;';
const LONG = 'setTimeout(() => undefined, 3_600_000);';

export async function startSubject(): Promise<Subject> {
  const environment = `bench-${process.pid}`;
  await using releases = new AsyncDisposableStack();
  const folder = releases.use(await temporaryFolder('bench'));
  releases.defer(async () => removeLeftovers(await leftoversOf((runnerId) => runnerId === environment)));
  const catalogue = await catalogueIn(folder.path);
  const source = join(folder.path, 'source');
  await writeFile(source, 'some data\n');
  const dataset = await catalogue.add({ type: 'dataset', name: 'data', access: 'compute', isRawAllowed: true }, [
    source,
  ]);
  const engine = releases.use(await watchEngine());
  const node = releases.use(
    await startNode({
      dataDir: folder.path,
      variables: {
        ...DEMO_IMAGE_ALLOWED,
        CAPSTAN_RUNNER_ID: environment,
        CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: environment, maxJobs: 1 }]),
        CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: '0',
      },
    }),
  );
  const consumer = createConsumer(node.url);
  const crowd = releases.use(await gatherCrowd());
  const kept = releases.move();

  const order = async (rawcode: string): Promise<string> => {
    const asked: Order = {
      environment,
      dataset: assetOrder(dataset),
      algorithm: { meta: { rawcode, container: { ...DEMO_IMAGE, entrypoint: 'node $ALGO' } } },
    };
    const response = await consumer.postStart(await consumer.startBody(asked));
    if (!response.ok) throw new Error(`The node answered ${response.status}: ${await response.text()}`);
    const [job] = (await response.json()) as StatusObject[];
    return job?.jobId ?? '';
  };
  const eventOf = async (jobId: string, status: number) => {
    const events = (await told(node.url, { jobId, from: 'start' })).map(({ frame }) => frame);
    const event = events.find((frame) => frame.type === 'event' && frame.status === status);
    if (event?.type !== 'event') throw new Error(`the job ${jobId} has no event ${status}`);
    return event;
  };
  const untilLogged = (msg: string, jobId: string) =>
    node.runner().until({
      match: (line) => {
        const entry = parseEntry(line);
        return entry?.msg === msg && entry['jobId'] === jobId ? true : undefined;
      },
      what: `"${msg}" of ${jobId}`,
      limitMs: LIMIT_MS,
    });
  const arrivals = async (cursor: number) => {
    await crowd.until(cursor);
    return crowd.arrivals(cursor);
  };

  let lastCursor = Number.NaN;

  return {
    crowd,
    open: (count) => crowd.open({ count, url: node.url + EVENTS_PATH, frame: { owner: consumer.address } }),
    async exitToFrame() {
      const jobId = await order(QUICK);
      const { atMs: diedAtMs } = await engine.until('die', jobId);
      // The next one must not share the engine with the cleaning up after this one.
      await untilLogged('job leaves', jobId);
      const { cursor } = await eventOf(jobId, 60);
      return (await arrivals(cursor)).map((atMs) => atMs - diedAtMs);
    },
    async occupy() {
      const jobId = await order(LONG);
      await engine.until('start', jobId);
      const waiting = await eventOf(await order(QUICK), 1);
      lastCursor = waiting.cursor;
      await crowd.until(lastCursor);
      return { frameBytes: JSON.stringify(waiting).length };
    },
    async oneEvent() {
      // Nothing else happens: it is the next one.
      lastCursor += 1;
      await order(QUICK);
      return arrivals(lastCursor);
    },
    gatewayMB: () => memoryMB(node.gateway().pid),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
