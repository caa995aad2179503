import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { jobEvent } from '@capstan/shared/contract/messages';
import { STATUS_ROWS, type StatusCode } from '@capstan/shared/contract/status';
import { recordEvent } from '../../../../services/gateway/src/events/record-event.ts';
import { forgetOrder } from '../../../../services/gateway/src/quotas/kept-orders.ts';
import { takeTurn } from '../../../../services/gateway/src/scheduling/turns.ts';
import { openDb } from '../../../../services/gateway/src/store/db.ts';
import { SEEN_COLUMNS } from '../../../../services/gateway/src/store/revision.ts';
import { storeOn, type Store } from '../../../../services/gateway/src/store/store.ts';
import { formerTriggers, rowsOf, storeBefore } from '../../../support/gateway/before-decisions.ts';
import { aJobId, anAddress, anEnvironment, aNewJob, aNonce } from '../a-job.ts';

const ENVIRONMENTS = ['a', 'b'];
const NETWORKS = ['', '10.0.0.1', '10.0.0.2', '10.0.0.3'];
const RESULT = { filename: 'a', filesize: 700, type: 'output' as const, index: 0 };

const stepOf = fc.record({
  what: fc.constantFrom(
    ...(['add', 'add', 'send', 'send', 'event', 'end', 'restart', 'stop', 'delete'] as const),
    ...(['expire', 'claim', 'move', 'cleared', 'remove'] as const),
  ),
  n: fc.integer({ min: 1, max: 9 }),
  code: fc.constantFrom(...STATUS_ROWS.map((row) => row.code as StatusCode)),
  attempt: fc.integer({ min: 1, max: 2 }),
  /** Which of a few values something has. */
  pick: fc.nat({ max: 11 }),
});
type Step = typeof stepOf extends fc.Arbitrary<infer T> ? T : never;

/** One step in the life of a job, as the gateway does it, at a time. */
async function take(store: Store, { what, n, code, attempt, pick }: Step, at: number): Promise<void> {
  const jobId = aJobId(n);
  const network = NETWORKS[Math.floor(pick / 2) % 4] ?? '';
  const environment = anEnvironment(ENVIRONMENTS[pick % 2]);
  const isPaid = pick % 3 === 0;
  const wantsWord = n % 3 > 0;
  const output = wantsWord ? { sealedNotifyUrl: '0x00', ...(n % 3 === 1 ? { notifyPlace: 'p' } : {}) } : {};
  const spec = JSON.stringify({ output, environment });
  const details = pick < 6 ? { results: [RESULT], ...(pick < 4 ? { expiresAt: at + 3 } : {}) } : {};

  await store.write((transaction) => {
    const job = store.jobs.find(jobId);
    const tell = (told: StatusCode) =>
      job && recordEvent(store, transaction, jobEvent({ jobId, run: job.run, attempt, code: told, at, details }));
    switch (what) {
      case 'add':
        // An id that was deleted never comes back.
        if (job || store.events.has(jobId, 8)) return;
        store.jobs.add(
          aNewJob({ jobId, nonce: aNonce(n), owner: anAddress(1 + (n % 4)), network, environment, isPaid }),
          spec,
        );
        return;
      case 'send':
        takeTurn(store, jobId, at);
        return;
      case 'event':
        tell(code);
        return;
      case 'end':
        tell(70);
        return;
      case 'restart': {
        if (!job) return;
        const { algoDid, inputDids, nonce, bodyHash } = job;
        const next = { environment, algoDid, inputDids, nonce, bodyHash, network, isPaid };
        if (store.jobs.restart(job, next, spec)) forgetOrder(store, jobId);
        return;
      }
      case 'stop':
        store.jobs.want(jobId, 'stopped', pick % 2 === 0 ? null : anAddress(99));
        return;
      case 'delete':
        store.jobs.want(jobId, 'deleted');
        return;
      case 'expire':
        if (job) store.jobs.expire(jobId, job.run, at);
        return;
      case 'claim':
        if (job) store.jobs.claimStart({ jobId, run: job.run, attempt, runnerId: 'r' });
        return;
      case 'move': {
        const [from = '', to = ''] = pick % 2 === 0 ? ENVIRONMENTS : ENVIRONMENTS.toReversed();
        store.jobs.move({ jobId, from, to }, spec);
        return;
      }
      case 'cleared':
        if (job) store.jobs.cleared(job);
        return;
      case 'remove':
        store.events.removeOf(jobId);
        store.jobs.remove(jobId);
    }
  });
}

/** A network that had its turn behind a job that waits, before another one does. */
const PASSED_BY = [
  { what: 'add', n: 1, pick: 2 },
  { what: 'add', n: 2, pick: 4 },
  { what: 'send', n: 2, pick: 0 },
  { what: 'add', n: 3, pick: 2 },
  { what: 'send', n: 1, pick: 0 },
].map((step) => ({ code: 1, attempt: 1, ...step })) as readonly Step[];

const histories = fc.array(stepOf, { minLength: 20, maxLength: 120 });

describe('turns, notifications, revisions and kept orders', () => {
  it('are those that triggers gave, whatever happens, and in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const [before, db] = [storeBefore(), openDb(':memory:')];
        const store = storeOn(db);
        for (const [at, step] of history.entries()) {
          await take(before.store, step, at);
          await take(store, step, at);
        }
        expect(rowsOf(db)).to.deep.equal(rowsOf(before.db));
        for (const each of [before.db, db]) each.close();
      }),
      { numRuns: 60, examples: [[[...PASSED_BY]]] },
    );
  });

  it('go on the same in a store of before, with jobs that wait, run and have ended', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'capstan-decisions-'));
    let count = 0;
    await fc.assert(
      fc.asyncProperty(histories, histories, async (first, second) => {
        const path = join(dir, `${(count += 1)}.db`);
        const [before, old] = [storeBefore(), storeBefore(path)];
        for (const [at, step] of first.entries()) {
          await take(before.store, step, at);
          await take(old.store, step, at);
        }
        old.db.close();
        const db = openDb(path);
        const store = storeOn(db);
        for (const [i, step] of second.entries()) {
          await take(before.store, step, first.length + i);
          await take(store, step, first.length + i);
        }
        expect(rowsOf(db)).to.deep.equal(rowsOf(before.db));
        for (const each of [before.db, db]) each.close();
      }),
      { numRuns: 10 },
    );
    await rm(dir, { recursive: true });
  });

  it('are decided by no trigger any more', () => {
    const db = openDb(':memory:');
    const triggers = db.prepare("select sql from sqlite_schema where type = 'trigger'").all();
    expect(formerTriggers()).to.have.length(6);
    for (const { sql } of triggers) expect(sql).not.to.match(/turns|notifications|revision|expires_at/);
    db.close();
  });
});

describe('an update of what clients see of a job', () => {
  it('raises its revision, and no other does', () => {
    const db = openDb(':memory:');
    const updates: string[] = [];
    storeOn({
      ...db,
      prepare(sql) {
        const [, set] = /update jobs set(.*?)\bwhere\b/s.exec(sql) ?? [];
        if (set !== undefined) updates.push(set);
        return db.prepare(sql);
      },
    });
    expect(updates).to.have.length.above(5);
    for (const set of updates) {
      const seen = SEEN_COLUMNS.filter((column) => new RegExp(`(^|,)\\s*${column} =`).test(set));
      expect(set.includes('revision = revision + 1'), set).to.equal(seen.length > 0);
    }
    db.close();
  });
});
