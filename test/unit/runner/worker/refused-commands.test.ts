import type { Message } from '@capstan/shared/bus/consume';
import type { JobId } from '@capstan/shared/contract/ids';
import { createLog } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import { createRunRegistry } from '../../../../services/runner/src/worker/run-registry.ts';
import { createTakeCommands } from '../../../../services/runner/src/worker/take-commands.ts';
import type { RunEntry } from '../../../../services/runner/src/worker/run-entry.ts';

const jobId = 'ab'.repeat(16) as JobId;
const { signal } = new AbortController();

/** What is done with a command that makes no sense, in the order in which it is done. */
async function refused(inHand?: Partial<RunEntry>): Promise<readonly string[]> {
  const done: string[] = [];
  const runs = createRunRegistry();
  const told = Promise.withResolvers<void>();
  const working: Promise<void>[] = [];
  const { take } = createTakeCommands({
    runs,
    offers: [],
    refuse: () => done.push('refused'),
    told: () => told.promise,
    onRefused: (job) => done.push(`forgot ${job}`),
    companyOf: () => 'with-others',
    onWaiting: () => undefined,
    inBackground: (work) => void working.push(work),
    log: createLog('test', 'silent'),
    signal,
  });
  take({ body: { jobId, run: 1 }, subject: 'jobs.start.local', ack: () => done.push('acked') } as unknown as Message);
  if (inHand) runs.add(inHand as RunEntry);
  told.resolve();
  await Promise.all(working);
  return done;
}

describe('a command that is refused', () => {
  it('is forgotten once its ending is told: anybody may send very many', async () => {
    expect(await refused()).to.deep.equal(['refused', 'acked', `forgot ${jobId}`]);
  });

  it('leaves alone what was taken in hand of that job meanwhile', async () => {
    expect(await refused({ jobId, run: 2 })).to.deep.equal(['refused', 'acked']);
  });
});
