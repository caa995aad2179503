import { jobEvent } from '@capstan/shared/contract/messages';
import { hasCode } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { createCommitter } from '../../../../services/gateway/src/store/commit.ts';
import { openDb } from '../../../../services/gateway/src/store/db.ts';
import { takeTurn } from '../../../../services/gateway/src/scheduling/turns.ts';
import { openStore, type Store } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, anAddress, aNewJob, anEnvironment, aNonce } from '../a-job.ts';

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('the store', () => {
  let store: Store;
  beforeEach(() => {
    store = openStore(':memory:');
  });
  afterEach(() => store.close());

  const add = (changes: Parameters<typeof aNewJob>[0] = {}) =>
    store.write(() => store.jobs.add(aNewJob(changes), '{"a":1}'));
  const ended = { expiresAt: 9, resultsDid: '', termination: null, results: [], dateFinished: 2_000 } as const;

  describe('a job', () => {
    it('is kept as it was accepted', async () => {
      const job = await add();
      expect(store.jobs.find(aJobId())).to.deep.equal(job);
      expect(job).to.deep.include({ ...aNewJob(), run: 1, attempt: 0, code: 1, dateFinished: null, stopreq: 0 });
      expect(store.jobs.spec(aJobId())).to.equal('{"a":1}');
      expect(store.jobs.find('nope')).to.equal(undefined);
    });

    it('is found by each thing it may be asked for, newest first, all that are given must fit', async () => {
      await add();
      await add({ jobId: aJobId(2), owner: anAddress(2), nonce: aNonce(2) });
      await add({ jobId: aJobId(3), documentId: 'did:op:3', agreementId: '0x3' });
      const ids = (filter: Parameters<Store['statuses']['select']>[0], limit = 10) =>
        store.statuses.select(filter, limit).map(({ jobId }) => Number(jobId));
      expect(ids({})).to.deep.equal([3, 2, 1]);
      expect(ids({}, 2)).to.deep.equal([3, 2]);
      expect(ids({ owner: anAddress() })).to.deep.equal([3, 1]);
      expect(ids({ owner: anAddress(), documentId: 'did:op:1' })).to.deep.equal([1]);
      expect(ids({ agreementId: '0x3' })).to.deep.equal([3]);
      expect(ids({ jobId: aJobId(2), owner: anAddress() })).to.deep.equal([]);
      expect(ids({ jobId: "' or 1=1 --" })).to.deep.equal([]);
    });

    it('moves on only from the state that the move was decided on', async () => {
      const job = await add();
      const started = { ...ended, dateFinished: null, state: { run: 1, attempt: 1, code: 10 } } as const;
      const moved = await store.write(() => store.jobs.advance(job, started));
      expect(moved).to.deep.include({ attempt: 1, code: 10 });
      expect(await store.write(() => store.jobs.advance(job, started))).to.equal(undefined);
      const termination = { exitCode: 0, signal: null, OOMKilled: false, reason: 'Done.' };
      const results = [{ filename: 'a', filesize: 1, type: 'output', index: 0 }] as const;
      const done = { ...ended, termination, results: [...results], state: { run: 1, attempt: 1, code: 70 } } as const;
      const last = await store.write(() => moved && store.jobs.advance(moved, done));
      expect(last).to.deep.include({ code: 70, dateFinished: 2_000, termination, expiresAt: 9, resultsDid: '' });
      expect(store.jobs.find(aJobId())?.results).to.deep.equal(results);
    });

    it('waits until it is sent, and is no longer sent once it has ended', async () => {
      const job = await add();
      await add({ jobId: aJobId(2) });
      const local = anEnvironment();
      expect(store.queue.hasWaiting(local)).to.equal(true);
      expect(store.queue.hasWaiting(anEnvironment('gpu'))).to.equal(false);
      expect(store.queue.countWaiting(local)).to.equal(2);
      const second = store.jobs.find(aJobId(2));
      expect(second && store.queue.countAhead(second)).to.equal(1);
      expect(await store.write(() => store.queue.markSent(aJobId(), 50))).to.deep.equal({ run: 1, sending: 1 });
      // Each time that it is sent counts: a repetition is another message.
      const again = await store.write(() => store.queue.markSent(aJobId(), 60));
      expect(again).to.deep.equal({ run: 1, sending: 2 });
      expect(
        store.queue.sent().map(({ jobId, run, environment, sentAt }) => [jobId, run, environment, sentAt]),
      ).to.deep.equal([[aJobId(), 1, local, 60]]);
      expect(store.jobs.find(aJobId())?.dispatchedAt).to.equal(50);
      expect([store.queue.countWaiting(local), store.jobResources.ofSent(local).length]).to.deep.equal([1, 1]);
      await store.write(() => store.jobs.advance(job, { ...ended, state: { run: 1, attempt: 1, code: 70 } }));
      expect(store.queue.sent()).to.deep.equal([]);
      expect(await store.write(() => store.queue.markSent(aJobId(), 70))).to.equal(undefined);
    });

    it('is offered by owner: the oldest of each, how many of theirs run, and when they were last served', async () => {
      await add();
      await add({ jobId: aJobId(2) });
      await add({ jobId: aJobId(3), owner: anAddress(2) });
      await add({ jobId: aJobId(4), owner: anAddress(3), environment: anEnvironment('gpu') });
      await store.write(() => takeTurn(store, aJobId(), 1));
      const waiting = store.queue
        .waitingOwners(anEnvironment())
        .map(({ owner, jobId, running, served }) => [owner, jobId, running, served]);
      expect(waiting).to.have.deep.members([
        [anAddress(), aJobId(2), 1, 1],
        [anAddress(2), aJobId(3), 0, 0],
      ]);
    });
  });

  it('keeps the last nonce of an address as the text it came as', async () => {
    expect(store.nonces.last(anAddress())).to.equal(undefined);
    await store.write(() => store.nonces.use(anAddress(), aNonce('9007199254740993.10')));
    expect(store.nonces.last(anAddress())).to.equal('9007199254740993.10');
    await store.write(() => store.nonces.use(anAddress(), aNonce('9'.repeat(78))));
    expect(store.nonces.last(anAddress())).to.equal('9'.repeat(78));
    expect(store.nonces.last(anAddress(2))).to.equal(undefined);
  });

  it('numbers events in the order in which they are stored, each event once', async () => {
    const event = jobEvent({ jobId: aJobId(), run: 1, attempt: 1, code: 10, at: 1 });
    expect(store.cursors.last()).to.equal(0);
    expect(await store.write(() => store.events.append(event, aNewJob()))).to.equal(1);
    expect(await store.write(() => store.events.append({ ...event, n: 2 }, aNewJob()))).to.equal(2);
    await failureOf(store.write(() => store.events.append(event, aNewJob())));
    expect(store.cursors.last()).to.equal(2);
  });

  it('keeps what can never be applied, for a person to look at', async () => {
    const letter = { at: 1, subject: 'jobs.event.x', problem: 'no JSON', message: '?'.repeat(200_000) };
    await store.write(() => store.deadLetters.add(letter));
    expect(store.deadLetters.count()).to.equal(1);
  });
});

const quiet = { error: () => undefined };

describe('writes to the store', () => {
  it('that are asked for together share a commit, and one that fails undoes only itself', async () => {
    const store = openStore(':memory:');
    const use = (n: number) => store.write(() => store.nonces.use(anAddress(n), aNonce()));
    const broken = store.write(() => {
      store.nonces.use(anAddress(2), aNonce());
      throw new Error('refused');
    });
    const settled = await Promise.allSettled([use(1), broken, use(3)]);
    expect(settled.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect([1, 2, 3].map((n) => store.nonces.last(anAddress(n)))).to.deep.equal(['1', undefined, '1']);
    store.close();
  });

  it('make one commit of a hundred', async () => {
    const db = openDb(':memory:');
    const statements: string[] = [];
    const committer = createCommitter(
      {
        ...db,
        prepare(sql) {
          const statement = db.prepare(sql);
          return {
            ...statement,
            run(...values) {
              statements.push(sql);
              return statement.run(...values);
            },
          };
        },
      },
      quiet,
    );
    await Promise.all(Array.from({ length: 100 }, () => committer.write(() => undefined)));
    expect(statements.filter((sql) => sql === 'commit')).to.have.length(1);
    db.close();
  });

  it('are told of after the commit, in order, without those that failed', async () => {
    const store = openStore(':memory:');
    const told: (readonly [number, number])[] = [];
    const forget = store.onCommitted((events) => {
      told.push(...events.map(({ cursor }) => [cursor, store.cursors.last()] as const));
    });
    const record = (n: number, isBroken = false) =>
      store.write((transaction) => {
        const job = store.jobs.add(aNewJob({ jobId: aJobId(n) }), '{}');
        const event = jobEvent({ jobId: job.jobId, run: 1, attempt: 0, code: 1, at: 1 });
        transaction.announce({ cursor: store.events.append(event, job), event, job });
        if (isBroken) throw new Error('refused');
      });
    await Promise.allSettled([record(1), record(2, true), record(3)]);
    expect(told).to.deep.equal([
      [1, 2],
      [2, 2],
    ]);
    forget();
    await record(4);
    expect(told).to.have.length(2);
    store.close();
  });

  it('are answered though a listener of commits fails, which is logged, and the other listeners are told', async () => {
    const logged: unknown[] = [];
    const store = openStore(':memory:', { error: (facts: unknown) => void logged.push(facts) });
    store.onCommitted(() => {
      throw new Error('a mistake');
    });
    let told = 0;
    store.onCommitted(() => (told += 1));
    await store.write((transaction) => {
      const job = store.jobs.add(aNewJob({ jobId: aJobId(1) }), '{}');
      const event = jobEvent({ jobId: job.jobId, run: 1, attempt: 0, code: 1, at: 1 });
      transaction.announce({ cursor: store.events.append(event, job), event, job });
    });
    await store.write(() => undefined);
    expect([told, logged.length]).to.deep.equal([1, 1]);
    store.close();
  });

  it('all fail as the store being away when the disk is full, and work again once it is not', async () => {
    const db = openDb(':memory:');
    const { write } = createCommitter(db, quiet);
    db.exec('create table blobs (bytes blob)');
    const insert = db.prepare('insert into blobs values (zeroblob(?))');
    const pages = Number(db.prepare('pragma page_count').get()?.['page_count']);
    db.exec(`pragma max_page_count = ${pages + 2}`);
    const writes = [10, 1_000_000, 10].map((size) => failureOf(write(() => insert.run(size))));
    for (const error of await Promise.all(writes)) {
      expect(hasCode(error, 'STORE_UNAVAILABLE')).to.equal(true);
      expect(String(error)).to.contain('disk is full');
    }
    expect(db.prepare('select count(*) as n from blobs').get()?.['n']).to.equal(0);
    db.exec('pragma max_page_count = 100000');
    await write(() => insert.run(1_000_000));
    expect(db.prepare('select count(*) as n from blobs').get()?.['n']).to.equal(1);
    db.close();
  });
});
