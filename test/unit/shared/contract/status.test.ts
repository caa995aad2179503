import {
  eventNumber,
  isEnding,
  isStatusCode,
  STATUS,
  STATUS_ROWS,
  statusRow,
  statusText,
} from '@capstan/shared/contract/status';
import type { StatusCode } from '@capstan/shared/contract/status';
import { expect } from 'chai';

/** As clients know them: the wire contract's table. */
const TEXTS: Readonly<Record<StatusCode, string>> = {
  1: 'Warming up',
  7: 'Job stopped',
  8: 'Job deleted successfully',
  10: 'Job started',
  11: 'Pulling algorithm image failed',
  20: 'Configuring volumes',
  21: 'Volume creation failed',
  22: 'Container creation failed',
  30: 'Provisioning success',
  31: 'Data provisioning failed',
  32: 'Algorithm provisioning failed',
  40: 'Running algorithm',
  41: 'Algorithm failed',
  42: 'Disk quota exceeded',
  43: 'Job duration exceeded',
  50: 'Filtering results',
  51: 'Filtering results failed',
  60: 'Publishing results',
  61: 'Results fetch failed',
  62: 'Results upload failed',
  70: 'Job completed',
};
const ENDINGS: readonly number[] = [7, 8, 11, 21, 22, 31, 32, 41, 42, 43, 51, 61, 62, 70];

describe('the status table', () => {
  it('has the codes and texts that clients know, each code once', () => {
    const table = STATUS_ROWS.map(({ code, text }) => [String(code), text] as const);
    expect(Object.fromEntries(table)).to.deep.equal(TEXTS);
    expect(table).to.have.length(Object.keys(TEXTS).length);
  });

  it('ends a run where the wire contract says so', () => {
    const endings = Object.values(STATUS).flatMap(({ code }) => (isEnding(code) ? [code] : []));
    expect(endings.toSorted((a, b) => a - b)).to.deep.equal(ENDINGS);
  });

  it('gives every ending the last rank, and every other status a rank of its own', () => {
    const ranks = STATUS_ROWS.filter((row) => row.endsFromRank === undefined).map((row) => row.rank);
    expect(ranks).to.deep.equal(ranks.map((_, index) => index));
    for (const row of STATUS_ROWS.filter(({ endsFromRank }) => endsFromRank !== undefined)) {
      expect(row.rank, row.text).to.equal(ranks.length);
      expect(row.endsFromRank, row.text).to.be.within(0, ranks.length - 1);
    }
  });

  it('says of each status when it is entered', () => {
    for (const { about, text } of STATUS_ROWS) expect(about, text).to.match(/^[A-Z].*\.$/);
  });

  it('is found by code', () => {
    expect(isStatusCode(40)).to.equal(true);
    expect(isStatusCode(41.5)).to.equal(false);
    expect(statusText(70)).to.equal('Job completed');
    expect(statusRow(40).rank).to.equal(eventNumber(40));
    expect(() => statusRow(99 as StatusCode)).to.throw('99');
  });
});
