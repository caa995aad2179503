import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openDb } from '../../../../services/gateway/src/store/db.ts';
import { dates } from '../../../../services/gateway/src/store/migrations/0011-dates.ts';
import { MIGRATIONS } from '../../../../services/gateway/src/store/migrations/list.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, anAddress } from '../a-job.ts';

const JOB = `
insert into jobs (id, job_id, accepted, run, attempt, code, owner, owner_shown, environment, document_id, agreement_id, algo_did, nonce, body_hash, input_dids, date_created)
  values (1, '${aJobId()}', 1, 1, 1, 40, '${anAddress()}', '${anAddress()}', 'local', 'did:op:1', '0x1', 'raw', '1', 'hash', '["did:op:1"]', 1000);
insert into job_specs values (1, '{"a":1}');
insert into events (job_id, run, attempt, n, code, at, details) values ('${aJobId()}', 1, 0, 0, 1, 1000, '{}'), ('${aJobId()}', 1, 1, 1, 10, 1001, '{}');
insert into nonces (address, nonce) values ('${anAddress()}', '9007199254740993');
insert into tombstones values ('${aJobId(2)}', 1, '${anAddress(2)}', 2000);
insert into environments values ('local', '{"id":"local"}', 5);
`;

/** From then on events say whose they are. */
const SINCE_3 = `update events set owner = '${anAddress()}', environment = 'local', document_id = 'did:op:1';`;

/** What there is of tables and indexes, however it came about. */
function shapeOf(path: string): unknown {
  const db = new DatabaseSync(path);
  const rows = (sql: string, ...values: string[]) =>
    db
      .prepare(sql)
      .all(...values)
      .map((row) => ({ ...row }));
  const names = rows("select name, type from sqlite_schema where type in ('table', 'index', 'trigger') order by name");
  const shape = names.map(({ name, type }) => ({
    name,
    type,
    columns:
      type === 'table'
        ? rows('select name, type, "notnull", pk from pragma_table_info(?) order by name', String(name))
        : rows('select name, seqno from pragma_index_info(?) order by seqno', String(name)),
  }));
  db.close();
  return shape;
}

describe('a store of an earlier version', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'capstan-migrations-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  for (const version of MIGRATIONS.keys()) {
    if (version === 0) continue;
    it(`${version} becomes one of today's, and keeps what it had`, () => {
      const fresh = join(dir, 'fresh.db');
      openDb(fresh).close();
      const path = join(dir, 'old.db');
      const old = new DatabaseSync(path);
      for (const sql of MIGRATIONS.slice(0, version)) old.exec(sql);
      old.exec(`${JOB} ${version < 3 ? '' : SINCE_3} pragma user_version = ${version}`);
      old.close();

      const store = openStore(path);
      expect(store.jobs.find(aJobId())).to.include({
        code: 40,
        attempt: 1,
        owner: anAddress(),
        documentId: 'did:op:1',
      });
      expect(store.jobs.spec(aJobId())).to.equal('{"a":1}');
      expect(store.cursors.last()).to.equal(2);
      const cursors = store.events
        .after({ owner: anAddress(), documentId: 'did:op:1' }, 0, 9)
        .events.map(({ cursor }) => cursor);
      expect(cursors).to.deep.equal([1, 2]);
      expect(store.cursors.resumable(1)).to.equal('yes');
      expect(store.nonces.last(anAddress())).to.equal('9007199254740993');
      expect(store.tombstones.find(aJobId(2))).to.include({ run: 1, owner: anAddress(2) });
      store.close();
      expect(shapeOf(path)).to.deep.equal(shapeOf(fresh));
    });
  }
});

describe('a store with dates that no calendar knows', () => {
  it('has them as the last ones that it does, and lists their jobs again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'capstan-migrations-'));
    const path = join(dir, 'old.db');
    const before = MIGRATIONS.indexOf(dates);
    const old = new DatabaseSync(path);
    for (const sql of MIGRATIONS.slice(0, before)) old.exec(sql);
    old.exec(`${JOB} ${SINCE_3} update jobs set expires_at = 10001800000000000, date_finished = -9200000000000000000;
      pragma user_version = ${before}`);
    old.close();
    const store = openStore(path);
    const [row] = store.statuses.select({ jobId: aJobId() }, 1);
    expect(row).to.include({ expiresAt: 8.64e15, dateFinished: -8.64e15, dateCreated: 1_000 });
    expect(store.jobs.find(aJobId())).to.include({ expiresAt: 8.64e15 });
    store.close();
    await rm(dir, { recursive: true });
  });
});

describe('a migration that fails', () => {
  it('leaves the store as it was', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'capstan-migrations-'));
    const path = join(dir, 'old.db');
    const old = new DatabaseSync(path);
    for (const sql of MIGRATIONS.slice(0, 1)) old.exec(sql);
    // In the way of a table that the second one makes.
    old.exec('create table receipts (x); pragma user_version = 1');
    old.close();
    expect(() => openDb(path)).to.throw(/receipts/);
    const after = new DatabaseSync(path);
    expect({ ...after.prepare('pragma user_version').get() }).to.deep.equal({ user_version: 1 });
    expect(after.prepare("select 1 from sqlite_schema where name = 'job_orders'").get()).to.equal(undefined);
    after.close();
    await rm(dir, { recursive: true });
  });
});
