import { copyFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobEvent } from '@capstan/shared/contract/messages';
import { expect } from 'chai';
import { openStore, type Store } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, aNewJob } from '../a-job.ts';

/** One event more; resolves to its cursor. */
function happen(store: Store): Promise<number> {
  const attempt = store.cursors.last() + 1;
  const event = jobEvent({ jobId: aJobId(), run: 1, attempt, code: 10, at: 1 });
  return store.write(() => store.events.append(event, aNewJob()));
}

const live = async (path: string, leap: number) => {
  const store = openStore(path);
  await store.write(() => store.cursors.leap(leap));
  return store;
};

describe('the cursors of a store', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'capstan-cursors-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('go on after a restart, with a leap; all that were given out can be resumed from, and none between', async () => {
    const path = join(dir, 'node.db');
    const first = await live(path, 100);
    const one = await happen(first);
    const two = await happen(first);
    expect([one, two]).to.deep.equal([101, 102]);
    first.close();
    const second = await live(path, 50);
    expect(second.cursors.last()).to.equal(152);
    const three = await happen(second);
    expect(three).to.equal(153);
    const verdicts = (...cursors: readonly number[]) =>
      new Set(cursors.map((cursor) => second.cursors.resumable(cursor)));
    expect(verdicts(100, one, two, 152, three)).to.deep.equal(new Set(['yes']));
    expect(verdicts(99, 103, 151, 154)).to.deep.equal(new Set(['cursor-unknown']));
    expect(second.events.after({}, one, 9).events.map(({ cursor }) => cursor)).to.deep.equal([two, three]);
    second.close();
  });

  it('of a life that a restored backup does not know are not resumed from, though it has come as far again', async () => {
    const path = join(dir, 'node.db');
    const first = await live(path, 100);
    const kept = await happen(first);
    first.close();
    const backup = join(dir, 'backup.db');
    copyFileSync(path, backup);
    const lost = await live(path, 100);
    const forgotten = [await happen(lost), await happen(lost)];
    lost.close();

    const restored = await live(backup, 700);
    await happen(restored);
    expect(restored.cursors.resumable(kept)).to.equal('yes');
    for (const cursor of forgotten) expect(restored.cursors.resumable(cursor)).to.equal('cursor-unknown');
    restored.close();
  });
});
