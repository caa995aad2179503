/** Writes jobs and their events into a store for as long as it lives, and says which are on the disk. To be killed. */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { systemClock } from '@capstan/shared/runtime/clock';
import { jobEvent } from '@capstan/shared/contract/messages';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { aNewJob } from '../unit/gateway/a-job.ts';
import { createCheckLog } from '../../services/gateway/src/store/checkpoints.ts';
import { openStore } from '../../services/gateway/src/store/store.ts';
import { createStoreThread } from '../../services/gateway/src/store/thread.ts';
import type { JobId } from '@capstan/shared/contract/ids';

const [path = ''] = process.argv.slice(2);
const store = openStore(path, undefined, { hasThread: true });
// So that many of the kills meet a checkpoint of the thread, which a gateway makes but now and then.
const checkLog = createCheckLog({
  store,
  thread: createStoreThread(path),
  upkeep: createUpkeep({ clock: systemClock }),
  limits: { fromPages: 50, lastPages: 10 },
  clock: systemClock,
});

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

const writeOn = async () => {
  for (;;) await Promise.all(Array.from({ length: AT_ONCE }, writeOne));
};
const checkOn = async () => {
  const forEver = new AbortController().signal;
  for (;;) await checkLog(forEver);
};

await Promise.all([writeOn(), checkOn()]);
