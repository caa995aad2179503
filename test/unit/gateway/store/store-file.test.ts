import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { openDb } from '../../../../services/gateway/src/store/db.ts';
import { MIGRATIONS } from '../../../../services/gateway/src/store/migrations/list.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { startProgram, type Program } from '../../../../scripts/parts/program.ts';
import { aJobId, anAddress, aNewJob, aNonce } from '../a-job.ts';

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(hasCode(error, 'STORE_UNAVAILABLE', 'STORE_IN_USE')).to.equal(true);
    return String(error);
  }
  throw new Error('it was not refused');
}

describe("the store's file", () => {
  let dir: string;
  let path: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'capstan-store-'));
    path = join(dir, 'store/capstan.db');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('is made with its folder, and keeps what was written', async () => {
    const first = openStore(path);
    await first.write(() => first.nonces.use(anAddress(), aNonce(5)));
    first.close();
    const second = openStore(path);
    expect(second.nonces.last(anAddress())).to.equal('5');
    second.close();
  });

  it('is durable: written ahead, and synced at each commit', () => {
    const db = openDb(path);
    expect(db.prepare('pragma journal_mode').get()?.['journal_mode']).to.equal('wal');
    expect(db.prepare('pragma synchronous').get()?.['synchronous']).to.equal(2);
    expect(db.prepare('pragma foreign_keys').get()?.['foreign_keys']).to.equal(1);
    db.close();
  });

  it('carries the number of its schema', () => {
    const db = openDb(path);
    expect(db.prepare('pragma user_version').get()?.['user_version']).to.equal(MIGRATIONS.length);
    db.close();
    openDb(path).close();
  });

  const holder = (way: 'new' | 'old') =>
    startProgram({
      name: `holder of the ${way} way`,
      command: [process.execPath, join(import.meta.dirname, '../../../support/gateway/store-holder.ts'), path, way],
      environment: process.env,
    });
  const answerOf = (program: Program) =>
    program.until({
      match: (line) => (/^(holds it|refused)/.test(line) ? line : undefined),
      what: 'whether it has the store',
      limitMs: 30_000,
    });

  it('belongs to one process at a time, also beside one of the version before, and is free once that is killed', async () => {
    openDb(path).close();
    for (const [first, second] of [
      ['new', 'new'],
      ['new', 'old'],
      ['old', 'new'],
    ] as const) {
      const holds = await holder(first);
      try {
        expect(await answerOf(holds)).to.equal('holds it');
        const other = await holder(second);
        expect(await answerOf(other), `${second} beside ${first}`).to.match(
          second === 'new' ? /another gateway runs on this data folder/ : /database is locked/,
        );
        await other.exited;
        expect(refusal(() => openDb(path))).to.contain('another gateway runs on this data folder');
      } finally {
        await holds.kill();
      }
      const db = openDb(path);
      expect(db.prepare('select at from probe').get()?.['at']).to.equal(7);
      db.exec('delete from probe');
      db.close();
    }
  });

  it('is copied while it is written, as often as one likes, and each copy is whole', async () => {
    const store = openStore(path);
    const written: string[] = [];
    const writes = new AbortController();
    const writing = (async () => {
      for (let n = 1; !writes.signal.aborted; n += 8) {
        const ids = Array.from({ length: 8 }, (_, more) => aJobId(n + more));
        await Promise.all(ids.map((jobId) => store.write(() => store.jobs.add(aNewJob({ jobId }), '{}'))));
        written.push(...ids);
      }
    })();
    try {
      for (let copies = 0; copies < 25; copies += 1) {
        const before = written.length;
        await store.backup(`${path}.${copies}`);
        const copy = openStore(`${path}.${copies}`);
        for (const jobId of written.slice(0, before)) expect(copy.jobs.find(jobId)?.jobId).to.equal(jobId);
        copy.close();
      }
    } finally {
      writes.abort();
      await writing;
    }
    store.close();
  });

  it('of a newer program is refused', () => {
    const db = openDb(path);
    db.exec(`pragma user_version = ${MIGRATIONS.length + 1}`);
    db.close();
    expect(refusal(() => openDb(path))).to.contain('newer version');
  });

  it('that is damaged is refused, and left as it is', async () => {
    const store = openStore(path);
    for (let n = 0; n < 200; n += 1) {
      await store.write(() => store.jobs.add(aNewJob({ jobId: aJobId(n), documentId: 'x'.repeat(500) }), '{}'));
    }
    store.close();
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(40_000, 0xff), 0, 40_000, 8_192);
    await file.close();
    expect(refusal(() => openDb(path))).to.match(/damaged|malformed/);
  });

  it('that is something else is refused', async () => {
    await writeFile(join(dir, 'other'), 'no database at all, but long enough to look like one'.repeat(100));
    expect(refusal(() => openDb(join(dir, 'other')))).to.contain('not a database');
  });
});
