/** Writes jobs and their events into a store for as long as it lives, and says which are on the disk. To be killed. */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { jobEvent } from '@capstan/shared/contract/messages';
import { aNewJob } from '../unit/gateway/a-job.ts';
import { openDb } from '../../services/gateway/src/store/db.ts';
import { storeOn } from '../../services/gateway/src/store/store.ts';
import type { JobId } from '@capstan/shared/contract/ids';

const [path = ''] = process.argv.slice(2);
const db = openDb(path);
// So that many of the kills meet a checkpoint, which a gateway makes but now and then.
db.exec('pragma wal_autocheckpoint = 50');
const store = storeOn(db);

/** A few at once, so that they share commits. */
const AT_ONCE = 8;

const writeOne = async () => {
  const jobId = randomUUID().replaceAll('-', '') as JobId;
  const cursor = await store.write((transaction) => {
    const job = store.jobs.add(aNewJob({ jobId }), '{"text":"'.padEnd(2_000, 'x') + '"}');
    const event = jobEvent({ jobId, run: 1, attempt: 0, code: 1, at: Date.now() });
    const place = store.events.append(event, job);
    transaction.announce({ cursor: place, event, job });
    return place;
  });
  // At once and whole: what was said before the kill was on the disk before it.
  writeSync(1, `${jobId} ${cursor}\n`);
};

for (;;) await Promise.all(Array.from({ length: AT_ONCE }, writeOne));
