import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { expect } from 'chai';
import { missing } from '../../../../services/gateway/src/controller/lost-commands.ts';

const job = {
  jobId: 'ab'.repeat(16) as JobId,
  run: 1,
  environment: 'local' as EnvironmentId,
  sentAt: 1_000,
};
const seen = { now: 60_000, graceMs: 10_000, isLive: () => true, isAnnounced: () => false };

describe('a sweep', () => {
  it('sends a job again that no live runner knows of', () => {
    expect(missing([job], seen)).to.deep.equal([job]);
  });

  it('never sends one that a live runner announces', () => {
    expect(missing([job], { ...seen, isAnnounced: (jobId, run) => jobId === job.jobId && run === 1 })).to.deep.equal(
      [],
    );
  });

  it('waits for commands that may still be on their way', () => {
    expect(missing([{ ...job, sentAt: 55_000 }], seen)).to.deep.equal([]);
  });

  it('does not wait when everything on its way is known to be lost', () => {
    expect(missing([{ ...job, sentAt: 60_000 }], { ...seen, graceMs: 0 })).to.have.length(1);
  });

  it('lets commands for absent runners not pile up', () => {
    expect(missing([job], { ...seen, isLive: () => false })).to.deep.equal([]);
  });

  it('is not put off by a clock that was set back', () => {
    expect(missing([{ ...job, sentAt: 3_660_000 }], seen)).to.have.length(1);
  });
});
