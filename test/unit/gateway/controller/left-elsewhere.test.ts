import { join } from 'node:path';
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { jobEvent } from '@capstan/shared/contract/messages';
import { endIfWaiting } from '../../../../services/gateway/src/controller/end-waiting.ts';
import { createLeftElsewhere } from '../../../../services/gateway/src/controller/left-elsewhere.ts';
import { recordEvent } from '../../../../services/gateway/src/events/record-event.ts';
import { createJobView } from '../../../../services/gateway/src/status/view.ts';
import { openStore, type Store } from '../../../../services/gateway/src/store/store.ts';
import { markRestored } from '../../../../scripts/backup/mark-restored.ts';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';
import { aJobId, aNewJob } from '../a-job.ts';

const RESTORED_AT = 5_000;

async function takenBy(store: Store, runnerId: string, jobId: JobId, at: number): Promise<void> {
  await store.write((transaction) => {
    store.jobs.add(aNewJob({ jobId }), '{}');
    store.queue.markSent(jobId, at);
    store.jobs.claimStart({ jobId, run: 1, attempt: 1, runnerId });
    recordEvent(store, transaction, jobEvent({ jobId, run: 1, attempt: 1, code: 40, at }));
  });
}

/** A store with a job that a runner called `old` was at, restored or not; another job was taken afterwards. */
async function aStore({ isRestored }: { readonly isRestored: boolean }) {
  await using releases = new AsyncDisposableStack();
  const folder = releases.use(await temporaryFolder('left'));
  const path = join(folder.path, 'store.db');
  const before = openStore(path);
  await takenBy(before, 'old', aJobId(1), RESTORED_AT - 1);
  before.close();
  if (isRestored) await markRestored(path, { replaced: undefined, nowMs: RESTORED_AT });
  const store = openStore(path);
  releases.defer(() => store.close());
  await takenBy(store, 'other', aJobId(2), RESTORED_AT + 1);
  let live: readonly string[] = [];
  const leftElsewhere = createLeftElsewhere({
    store,
    runners: { liveRunners: () => live, isAnnounced: () => false },
  });
  const view = createJobView({
    store,
    runners: { environment: () => undefined },
    room: { whyNotYet: () => undefined },
    leftElsewhere,
    publicUrl: () => '',
  });
  const job = (n: number) => {
    const found = store.jobs.find(aJobId(n));
    if (!found) throw new Error('no job');
    return found;
  };
  const kept = releases.move();
  return {
    come: (...runners: readonly string[]) => void (live = runners),
    left: (n: number) => leftElsewhere(job(n)),
    queue: (n: number) => view.show(job(n)).queue,
    want: (n: number, want: 'stopped' | 'deleted') =>
      store.write((transaction) => {
        const wanted = store.jobs.want(aJobId(n), want);
        if (wanted) endIfWaiting(store, transaction, { job: wanted, at: 9_000, leftElsewhere });
      }),
    job,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

describe('a job that ran when the backup was made', () => {
  it('is left elsewhere as soon as runners are here, and its own is not', async () => {
    await using restored = await aStore({ isRestored: true });
    expect(restored.left(1), 'before any has come').to.equal(undefined);
    restored.come('new');
    expect(restored.left(1)).to.equal('old');
    restored.come('new', 'old');
    expect(restored.left(1)).to.equal(undefined);
  });

  it('says so to its owner, and when it goes on', async () => {
    await using restored = await aStore({ isRestored: true });
    expect(restored.queue(1)).to.equal(null);
    restored.come('new');
    expect(restored.queue(1)?.reason).to.match(/restored from a backup.*\(old\) is not here.*begun anew a day after/);
  });

  for (const [want, code] of [
    ['stopped', 7],
    ['deleted', 8],
  ] as const) {
    it(`is ${want} at once, with the reason`, async () => {
      await using restored = await aStore({ isRestored: true });
      restored.come('new');
      await restored.want(1, want);
      const { code: ended, termination } = restored.job(1);
      expect(ended).to.equal(code);
      expect(termination?.reason).to.match(
        new RegExp(`^It was ${want}. The runner that had it \\(old\\) is not here: `),
      );
      expect(restored.queue(1)).to.equal(null);
    });
  }

  it('is no other job: one that was taken since, or one of a store that was never restored, waits for its runner', async () => {
    for (const [isRestored, n] of [
      [true, 2],
      [false, 1],
    ] as const) {
      await using store = await aStore({ isRestored });
      store.come('new');
      expect(store.left(n)).to.equal(undefined);
      await store.want(n, 'stopped');
      expect(store.job(n)).to.include({ code: 40, want: 'stopped' });
    }
  });
});
