/** A file through the whole node: provisioned for a job that copies it, and published as what the job left. */
import { readFile } from 'node:fs/promises';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { assetOrder } from '../../../scripts/demo/assets.ts';
import type { Consumer } from '../../../scripts/parts/consumer.ts';
import type { LocalNode } from '../../../scripts/parts/node.ts';
import { parseEntry } from '../../../scripts/parts/service.ts';
import type { Subscription } from '../../../scripts/parts/subscription.ts';

export interface Carried {
  readonly provisionMs: number;
  readonly publishMs: number;
}

interface Subject {
  readonly node: LocalNode;
  readonly consumer: Consumer;
  readonly live: Subscription;
  readonly algorithm: Ddo;
  readonly environment: string;
}

const LIMIT_MS = 600_000;

export function createDataThroughNode({ node, consumer, live, algorithm, environment }: Subject) {
  /** As the runner says at the end of each step. */
  const stepMs = (jobId: string, step: string) =>
    node.runner().until({
      match(line) {
        const entry = parseEntry(line);
        if (entry?.msg !== 'step done' || entry['jobId'] !== jobId || entry['step'] !== step) return undefined;
        return Number(entry['ms']);
      },
      what: `the end of ${step}`,
      limitMs: LIMIT_MS,
    });

  return {
    async once(dataset: Ddo): Promise<Carried> {
      const order = { environment, dataset: assetOrder(dataset), algorithm: assetOrder(algorithm) };
      const response = await consumer.postStart(await consumer.startBody(order));
      if (!response.ok) throw new Error(`The node answered ${response.status}: ${await response.text()}`);
      const [job] = (await response.json()) as StatusObject[];
      const jobId = job?.jobId ?? '';
      const [provisionMs, publishMs, end] = await Promise.all([
        stepMs(jobId, 'provision'),
        stepMs(jobId, 'publish'),
        live.ended(jobId, LIMIT_MS),
      ]);
      if (end.status !== 70) throw new Error(`the job ended with ${end.status} ${end.statusText}`);
      await node.runner().until({
        match(line) {
          const entry = parseEntry(line);
          return entry?.msg === 'job leaves' && entry['jobId'] === jobId ? true : undefined;
        },
        what: `"job leaves" of ${jobId}`,
        limitMs: LIMIT_MS,
      });
      return { provisionMs, publishMs };
    },
    /** The most memory that the runner ever had, and has now. */
    async memoryMb(): Promise<{ readonly peak: number; readonly now: number }> {
      const status = await readFile(`/proc/${node.runner().pid}/status`, 'utf8');
      const read = (name: string) =>
        Math.round((Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1_024) / 1e6);
      return { peak: read('VmHWM'), now: read('VmRSS') };
    },
  };
}
