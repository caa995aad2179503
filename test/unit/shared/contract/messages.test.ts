import { ManifestSchema } from '@capstan/shared/results/manifest';
import { jobEvent, JobEventSchema } from '@capstan/shared/contract/messages';
import { parseJobId } from '@capstan/shared/contract/ids';
import { isEnding, STATUS_ROWS, type StatusCode } from '@capstan/shared/contract/status';
import {
  environmentConsumer,
  eventMessageId,
  eventSubject,
  startMessageId,
  startSubject,
} from '@capstan/shared/bus/subjects';
import { compile } from '@capstan/shared/schema/validate';
import { expect } from 'chai';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';

const jobId = parseJobId('0123456789abcdef0123456789abcdef') as JobId;
const about = { jobId, run: 1, attempt: 2, at: 5 };

describe('an event', () => {
  it('has a number that follows from its status, so that the same step says the same twice', () => {
    const event = jobEvent({ ...about, code: 40 });
    expect(event).to.deep.equal({ v: 1, jobId, run: 1, attempt: 2, n: 4, code: 40, at: 5, details: {} });
    expect(eventMessageId(event)).to.equal(eventMessageId(jobEvent({ ...about, code: 40, at: 6 })));
    expect(eventMessageId(event)).to.equal(`${jobId}.1.2.4`);
  });

  it('is valid with every status', () => {
    const validate = compile(JobEventSchema);
    for (const { code } of STATUS_ROWS) {
      expect(validate(jobEvent({ ...about, code: code as StatusCode })).ok, String(code)).to.equal(true);
    }
    expect(validate({ ...jobEvent({ ...about, code: 40 }), code: 99 }).ok).to.equal(false);
  });
});

describe('a manifest', () => {
  const manifest = {
    v: 1,
    jobId,
    run: 1,
    attempt: 1,
    code: 70,
    endedAt: 1,
    expiresAt: 2,
    termination: { exitCode: 0, signal: null, OOMKilled: false, reason: 'The algorithm exited with code 0.' },
    files: [{ index: 0, filename: 'a/b.csv', filesize: 3, type: 'output', sha256: 'a'.repeat(64) }],
    skipped: [{ name: 'link', reason: 'a link' }],
  };
  const validate = compile(ManifestSchema);

  it('says how a run ended: with an ending, never with a step on the way', () => {
    for (const { code } of STATUS_ROWS) {
      expect(validate({ ...manifest, code }).ok, String(code)).to.equal(isEnding(code as StatusCode));
    }
  });

  it('needs the hash of each file', () => {
    const files = [{ ...manifest.files[0], sha256: 'A'.repeat(64) }];
    expect(validate({ ...manifest, files }).ok).to.equal(false);
    expect(validate({ ...manifest, files: [], skipped: [], termination: null }).ok).to.equal(true);
  });
});

describe('a subject', () => {
  it('is made of ids that are tokens', () => {
    const environment = 'gpu_1-a' as EnvironmentId;
    expect(startSubject(environment)).to.equal('jobs.start.gpu_1-a');
    expect(eventSubject(jobId)).to.equal(`jobs.event.${jobId}`);
    expect(environmentConsumer(environment)).to.equal('runner-gpu_1-a');
    expect(startMessageId(jobId, 2, 3)).to.equal(`${jobId}.2.start.3`);
  });
});
