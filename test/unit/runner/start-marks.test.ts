import { mkdtemp, open, readdir, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { createStartMarks } from '../../../services/runner/src/pipeline/start-marks.ts';

const run = { jobId: 'a'.repeat(32) as JobId, run: 1 };

describe('the note of a start', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'capstan-marks-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('is on the disk, by its name as well, before the start is made', async () => {
    const marks = createStartMarks(dir);
    // The file and the folder that names it: without either, a power cut may take the note along.
    expect(await syncsDuring(() => marks.write(run, 1))).to.be.at.least(2);
    expect(await syncsDuring(() => marks.writeShared(true))).to.be.at.least(2);
  });

  it('is the one before or the new one, never half of either', async () => {
    const marks = createStartMarks(dir);
    await marks.write(run, 1);
    // As a life that ended in the middle of it leaves it.
    await writeFile(join(dir, `${run.jobId}-1.new`), '');
    expect(await marks.read(run)).to.equal(1);
    await marks.write(run, 2);
    expect(await marks.read(run)).to.equal(2);
    await marks.clear(run);
    expect(await marks.read(run)).to.equal(0);
    expect(await readdir(dir)).to.deep.equal([]);
  });
});

/** How often something was brought to the disk meanwhile. */
async function syncsDuring(work: () => Promise<void>): Promise<number> {
  const handle = await open(tmpdir(), 'r');
  const prototype = Object.getPrototypeOf(handle) as Pick<FileHandle, 'sync'>;
  await handle.close();
  const { sync } = prototype;
  let syncs = 0;
  prototype.sync = function counted(this: FileHandle) {
    syncs += 1;
    return sync.call(this);
  };
  try {
    await work();
  } finally {
    prototype.sync = sync;
  }
  return syncs;
}
