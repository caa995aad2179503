import { dateOf, isoOf } from '@capstan/shared/runtime/dates';
import { STATUS } from '@capstan/shared/contract/status';
import { expect } from 'chai';
import fc from 'fast-check';
import { statusObject } from '../../../../services/gateway/src/status/status-object.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, aNewJob } from '../a-job.ts';

const ODD = [Number.NaN, Infinity, -Infinity, 1e300, -1e300, 1e16, 8.64e15 + 1, Number.MAX_VALUE, 0.5, -0];

describe('a date', () => {
  it('can be shown, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.constantFrom(...ODD)), (ms) => {
        expect(new Date(isoOf(ms)).getTime()).to.equal(dateOf(ms) + 0);
        expect(Number.isSafeInteger(dateOf(ms))).to.equal(true);
      }),
    );
  });

  it('that ends in no calendar is kept as one that does, and its job is listed like any other', async () => {
    for (const ms of ODD) {
      const store = openStore(':memory:');
      try {
        await store.write(() => {
          const job = store.jobs.add(aNewJob(), '{}');
          const state = { ...job, attempt: 1, code: STATUS.completed.code };
          const rest = { termination: null, results: [], resultsDid: '' };
          return store.jobs.advance(job, { state, dateFinished: ms, expiresAt: ms, ...rest });
        });
        const [row] = store.statuses.select({ jobId: aJobId() }, 1);
        if (!row) return expect.fail('the job is not listed');
        for (const dates of ['iso', 'unix'] as const) {
          const shown = statusObject(row, {
            publicUrl: '',
            dates,
            queue: () => ({ position: 1, reason: '' }),
            held: () => null,
          });
          expect(JSON.stringify(shown)).to.be.a('string');
        }
      } finally {
        store.close();
      }
    }
  });
});
