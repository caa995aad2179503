/** Fills a store with jobs that have ended, as a node has them after a while: the same rows that the node writes, made in bulk. */
import { DatabaseSync } from 'node:sqlite';
import { openStore } from '../../../services/gateway/src/store/store.ts';

/** Ids to poll, spread evenly. */
const SAMPLE = 1_000;

/** Of the second owner, and of all after it. */
export const JOBS_OF_OWNER = 100;
export const OWNER = `0x${'1'.padStart(40, '0')}`;

const RESULTS = JSON.stringify([
  { filename: 'rain.json', filesize: 3_409, type: 'output', index: 0 },
  { filename: 'rain.svg', filesize: 2_872, type: 'output', index: 1 },
  { filename: 'algorithm.log', filesize: 240, type: 'algorithmLog', index: 2 },
]);
const TERMINATION = JSON.stringify({
  exitCode: 0,
  signal: null,
  OOMKilled: false,
  reason: 'The algorithm exited with code 0.',
});

/** Makes a new store at `path` with `count` jobs; returns the ids of some of them. */
export function fillStore(path: string, count: number): readonly string[] {
  // The node itself makes the schema.
  openStore(path).close();
  using db = new DatabaseSync(path);
  db.exec('pragma synchronous = off; pragma cache_size = -400000;');
  // Indexes are made after the rows: in one sweep each, instead of a million times.
  const indexes = db
    .prepare("select name, sql from sqlite_master where type = 'index' and sql is not null")
    .all()
    .map((row) => ({ name: String(row['name']), sql: String(row['sql']) }));
  for (const { name } of indexes) db.exec(`drop index ${name}`);
  db.prepare(`
    insert into jobs (id, job_id, accepted, run, attempt, code, owner, owner_shown, environment, document_id, agreement_id, algo_did, input_dids,
      nonce, body_hash, date_created, date_finished, dispatched_at, sent_at, expires_at, termination, results)
    with recursive ids (i) as (select 1 union all select i + 1 from ids where i < ?1)
    select i, lower(hex(randomblob(16))), i, 1, 1, 70,
      '0x' || substr(printf('%040x', i / ${JOBS_OF_OWNER}), -40), '0x' || substr(printf('%040x', i / ${JOBS_OF_OWNER}), -40), 'local',
      'did:op:' || substr(printf('%064x', i / 200), -64), '0x' || lower(hex(randomblob(32))),
      'did:op:' || substr(printf('%064x', i / 300), -64), '["did:op:' || substr(printf('%064x', i / 200), -64) || '"]',
      i, lower(hex(randomblob(32))), 1700000000000 + i, 1700000001000 + i, 1700000000010 + i, 1700000000010 + i,
      1800000000000, ?2, ?3
    from ids`).run(count, TERMINATION, RESULTS);
  db.exec(`
    insert into job_specs (id, spec) select id, '{}' from jobs;
    insert into events (job_id, run, attempt, n, code, at, details)
      select job_id, 1, 0, 0, 1, date_created, '{}' from jobs;
    insert into events (job_id, run, attempt, n, code, at, details)
      select job_id, 1, 1, 7, 70, date_finished, '{}' from jobs;`);
  for (const { sql } of indexes) db.exec(sql);
  const step = Math.max(1, Math.floor(count / SAMPLE));
  const rows = db.prepare('select job_id from jobs where accepted % ? = 0 limit ?').all(step, SAMPLE);
  return rows.map((row) => String(row['job_id']));
}
