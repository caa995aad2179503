import type { StatusObject } from '@capstan/shared/contract/api';
import type { JobId } from '@capstan/shared/contract/ids';
import { expect } from 'chai';
import { rowOf, smallOf } from '../../../../services/gateway/src/status/small.ts';
import { createBroadcastFrame, type Form } from '../../../../services/gateway/src/live/broadcast-frame.ts';

const MANY = 999;
const job = {
  jobId: 'a',
  agreementId: 'order',
  owner: '0x1',
  results: Array.from({ length: MANY }, (_, index) => ({
    filename: `file-${index}`,
    filesize: 1,
    type: 'output',
    index,
  })),
  resultsUrls: Array.from({ length: MANY }, (_, index) => `http://node.example/${index}`),
} as unknown as StatusObject;
const form: Form = (text) => Buffer.from(text);

describe('small frames', () => {
  const toldOf = (code: 40 | 70) =>
    createBroadcastFrame({ cursor: 1, event: { jobId: 'a' as JobId, run: 1, attempt: 1, code, at: 1 } }, () => job);
  const jobIn = (bytes: Buffer) => (JSON.parse(bytes.toString()) as { readonly job: StatusObject }).job;

  it('leave results out until the run has ended, and say how many', () => {
    const [whole, small] = [toldOf(40).bytes(form, '1'), toldOf(40).small.bytes(form, '1')];
    expect(jobIn(whole).results).to.have.length(MANY);
    expect(jobIn(small)).to.deep.include({ results: [], resultsUrls: [], resultsOmitted: MANY, agreementId: 'order' });
    expect(small.length).to.be.below(whole.length / 100);
    expect(jobIn(toldOf(70).small.bytes(form, '1'))).to.deep.equal(jobIn(whole));
  });

  it('count what a list had left out already', () => {
    expect(smallOf({ ...job, resultsOmitted: 1 }, 40).resultsOmitted).to.equal(MANY + 1);
    expect(smallOf({ ...job, results: [], resultsUrls: [] }, 40)).not.to.have.property('resultsOmitted');
  });

  it('have of each job of many what a line shows', () => {
    expect(rowOf(job)).to.deep.include({
      jobId: 'a',
      owner: '0x1',
      agreementId: '',
      results: [],
      resultsOmitted: MANY,
    });
  });
});
