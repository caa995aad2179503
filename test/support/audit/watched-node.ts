/** The folder of a node that was watched and did everything right, for tests of the auditor to bend. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@capstan/shared/results/manifest';
import { jobEvent } from '@capstan/shared/contract/messages';
import type { StatusCode } from '@capstan/shared/contract/status';
import { openDb } from '../../../services/gateway/src/store/db.ts';
import { storeOn } from '../../../services/gateway/src/store/store.ts';
import { aJobId, anAddress, aNewJob, anEnvironment } from '../../unit/gateway/a-job.ts';
import { placesIn } from './traces/audit-folder.ts';
import { writeTraces, type Entries, type Traces } from './traces/entries.ts';

export const OWNER = anAddress(1);
/** It ran to its end. */
export const DONE = aJobId(1);
/** It was stopped and deleted. */
export const DELETED = aJobId(2);
const ENVIRONMENT = anEnvironment('watched');

export interface WatchedNode {
  readonly traces: Traces;
  readonly resultsDir: string;
  /** Changes what the store holds. */
  inStore(sql: string): void;
  /** Takes back what was written down. */
  forget<Name extends keyof Entries>(name: Name, isMeant: (entry: Entries[Name]) => boolean): Promise<void>;
}

const WAY: readonly StatusCode[] = [1, 10, 20, 30, 40, 60, 70];

export async function watchedNode(dir: string): Promise<WatchedNode> {
  const places = placesIn(dir);
  const path = join(places.store, 'capstan.db');
  const traces = writeTraces(places.traces);
  const results = [{ index: 0, filename: 'out', filesize: 2, type: 'output' as const }];
  const db = openDb(path);
  const store = storeOn(db);
  const session = 'first';
  traces.write('clients', { type: 'snapshot', session, owner: OWNER, cursor: 0, jobs: [] });
  traces.write('engine', { type: 'environment', environment: ENVIRONMENT, maxJobs: 1 });
  const told = { cursor: 0 };
  const tell = (jobId: typeof DONE, code: StatusCode, isKept = true) => {
    const attempt = code === 1 ? 0 : 1;
    const event = jobEvent({ jobId, run: 1, attempt, code, at: Date.now() });
    const cursor = (told.cursor += 1);
    if (isKept) store.events.append(event, { owner: OWNER, environment: ENVIRONMENT, documentId: 'did:op:1' });
    // The store forgets all of a deleted job but its end; numbers are not given out twice.
    else db.exec(`update sqlite_sequence set seq = ${cursor} where name = 'events'`);
    traces.write('clients', {
      type: 'event',
      session,
      owner: OWNER,
      cursor,
      jobId,
      run: 1,
      attempt,
      code,
      atMs: cursor,
    });
  };
  await store.write(() => {
    const job = store.jobs.add(aNewJob({ jobId: DONE, owner: OWNER, environment: ENVIRONMENT }), '{}');
    for (const code of WAY) tell(DONE, code);
    const state = { run: 1, attempt: 1, code: 70 } as const;
    store.jobs.advance(job, { state, dateFinished: 2, expiresAt: 3, termination: null, results, resultsDid: '' });
    for (const code of [1, 10, 20, 30, 40] as const) tell(DELETED, code, false);
    store.tombstones.add({ jobId: DELETED, run: 1, owner: OWNER, deletedAt: 3 });
    tell(DELETED, 8);
  });
  db.close();

  for (const [jobId, nonce] of [
    [DONE, '1'],
    [DELETED, '2'],
  ] as const) {
    const container = `capstan-${jobId}-1-1`;
    const attempt = { jobId, run: 1, attempt: 1, environment: ENVIRONMENT, container, atMs: 0 };
    traces.write('clients', { type: 'acknowledged', jobId, run: 1 });
    traces.write('clients', { type: 'effect', owner: OWNER, nonce, effect: `job ${jobId}` });
    traces.write('engine', { type: 'started', ...attempt });
    traces.write('engine', { type: 'ended', ...attempt });
  }
  traces.write('clients', { type: 'asked', what: 'delete', jobId: DELETED });
  traces.write('clients', { type: 'listening', session });
  traces.write('engine', { type: 'left', names: [] });
  await publish(join(places.results, DONE, '1'));

  return {
    traces,
    resultsDir: join(places.results, DONE, '1'),
    inStore(sql) {
      const opened = openDb(path);
      opened.exec(sql);
      opened.close();
    },
    async forget(name, isMeant) {
      const file = join(places.traces, `${name}.ndjson`);
      const lines = (await readFile(file, 'utf8')).trim().split('\n');
      const left = lines.filter((line) => !isMeant(JSON.parse(line) as Entries[typeof name]));
      await writeFile(file, `${left.join('\n')}\n`);
    },
  };
}

async function publish(dir: string): Promise<void> {
  await mkdir(join(dir, 'files'), { recursive: true });
  await writeFile(join(dir, 'files', '0'), '42');
  const sha256 = createHash('sha256').update('42').digest('hex');
  const manifest: Manifest = {
    v: 1,
    jobId: DONE,
    run: 1,
    attempt: 1,
    code: 70,
    endedAt: 2,
    expiresAt: 3,
    termination: null,
    files: [{ index: 0, filename: 'out', filesize: 2, type: 'output', sha256 }],
    skipped: [],
  };
  await writeFile(join(dir, 'manifest.json'), JSON.stringify(manifest));
}
