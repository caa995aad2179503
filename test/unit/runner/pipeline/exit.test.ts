import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { createStartMarks } from '../../../../services/runner/src/pipeline/start-marks.ts';
import { wasSeen } from '../../../../services/runner/src/pipeline/steps/exit.ts';

describe('an exit', () => {
  it('counts where the engine that tells of it was there', () => {
    expect(wasSeen({ finishedAt: 20 }, { upSince: 10, isWatched: false })).to.equal(true);
    expect(wasSeen({ finishedAt: 5 }, { upSince: 10, isWatched: true })).to.equal(false);
    expect(wasSeen({ finishedAt: Number.NaN }, { upSince: 10, isWatched: true }), 'that has no time').to.equal(false);
  });

  it('counts where the runner has watched it, if the engine does not say since when it is there', () => {
    expect(wasSeen({ finishedAt: 20 }, { upSince: undefined, isWatched: true })).to.equal(true);
    expect(wasSeen({ finishedAt: 20 }, { upSince: undefined, isWatched: false })).to.equal(false);
  });
});

describe('the note of how an attempt ended', () => {
  const run = { jobId: 'ab'.repeat(16) as JobId, run: 1 };
  const end = {
    exit: { exitCode: 3, isOutOfMemory: false },
    because: 'disk',
    used: { bytes: Infinity, files: 0 },
  } as const;

  it('is of that attempt alone, and goes with the run', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'capstan-marks-'));
    const marks = createStartMarks(dir);
    expect(await marks.readEnd(run, 1)).to.equal(undefined);
    await marks.writeEnd(run, 1, end);
    expect(await createStartMarks(dir).readEnd(run, 1)).to.deep.equal({ exit: end.exit, because: 'disk' });
    expect(await marks.readEnd(run, 2)).to.equal(undefined);
    await writeFile(join(dir, `${run.jobId}-1.end`), '{"attempt":1,"en');
    expect(await marks.readEnd(run, 1), 'torn').to.equal(undefined);
    await marks.clear(run);
    expect(await marks.readEnd(run, 1)).to.equal(undefined);
    await rm(dir, { recursive: true });
  });

  it('begins with why it is being ended', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'capstan-marks-'));
    const marks = createStartMarks(dir);
    await marks.writeCause(run, 1, { because: 'log' });
    expect(await marks.readCause(run, 1)).to.deep.equal({ because: 'log' });
    expect([await marks.readCause(run, 2), await marks.readEnd(run, 1)]).to.deep.equal([undefined, undefined]);
    await marks.writeEnd(run, 1, end);
    expect(await marks.readCause(run, 1)).to.equal(undefined);
    expect(await marks.readEnd(run, 1)).to.deep.include({ because: 'disk' });
    await rm(dir, { recursive: true });
  });
});
