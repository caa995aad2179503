/** A job through the whole node: from the POST to its end seen on the WebSocket, and where the time went. */
import type { StatusObject } from '@capstan/shared/contract/api';
import { demoOrder, type DemoAssets } from '../../../scripts/demo/assets.ts';
import type { Consumer } from '../../../scripts/parts/consumer.ts';
import type { LocalNode } from '../../../scripts/parts/node.ts';
import { parseEntry } from '../../../scripts/parts/service.ts';
import type { EventFrame, Subscription } from '../../../scripts/parts/subscription.ts';

/** A phase ends with the event of this status; the times are the parts' own. */
const ENDS = { accept: 1, dispatch: 10, pull: 20, provision: 30, start: 40, run: 60 } as const;
/** The last one, publishing, ends when the consumer sees the end. */
export const NODE_PHASES = [...(Object.keys(ENDS) as (keyof typeof ENDS)[]), 'publish'] as const;
export type NodePhases = Readonly<Record<(typeof NODE_PHASES)[number], number>>;

export interface NodeRun {
  readonly totalMs: number;
  readonly phases: NodePhases;
}

interface Subject {
  readonly node: LocalNode;
  readonly consumer: Consumer;
  /** Of all jobs of the consumer. */
  readonly live: Subscription;
  readonly assets: DemoAssets;
  readonly environment: string;
}

const LIMIT_MS = 60_000;

export function createJobThroughNode({ node, consumer, live, assets, environment }: Subject) {
  const endSeenMs = new Map<string, number>();
  live.onEvent(({ jobId, status }) => {
    if (status === 70) endSeenMs.set(jobId, performance.now());
  });

  const once = async (): Promise<NodeRun> => {
    const body = await consumer.startBody(demoOrder(assets, environment));
    const postedAt = Date.now();
    const postedMs = performance.now();
    const response = await consumer.postStart(body);
    if (!response.ok) throw new Error(`The node answered ${response.status}: ${await response.text()}`);
    const [job] = (await response.json()) as StatusObject[];
    const jobId = job?.jobId ?? '';
    const end = await live.ended(jobId, LIMIT_MS);
    const seenMs = endSeenMs.get(jobId);
    if (seenMs === undefined) throw new Error(`the job ended with ${end.status} ${end.statusText}`);
    // The next one must not share the engine with the cleaning up after this one.
    await node.runner().until({
      match: (line) => (isLeaving(line, jobId) ? true : undefined),
      what: `"job leaves" of ${jobId}`,
      limitMs: LIMIT_MS,
    });
    const events = live.events().filter((event) => event.jobId === jobId);
    return { totalMs: seenMs - postedMs, phases: phasesOf(events, postedAt, seenMs - postedMs) };
  };

  return { once };
}

function isLeaving(line: string, jobId: string): boolean {
  const entry = parseEntry(line);
  return entry?.msg === 'job leaves' && entry['jobId'] === jobId;
}

function phasesOf(events: readonly EventFrame[], postedAt: number, totalMs: number): NodePhases {
  let before = postedAt;
  const phases: Record<string, number> = {};
  for (const [phase, status] of Object.entries(ENDS)) {
    const at = (events.find((event) => event.status === status)?.at ?? 0) * 1000;
    phases[phase] = at - before;
    before = at;
  }
  phases['publish'] = totalMs - (before - postedAt);
  return phases as NodePhases;
}
