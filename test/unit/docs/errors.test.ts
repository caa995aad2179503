import { expect } from 'chai';
import { ERRORS } from '@capstan/shared/contract/errors';
import { errorsPage } from '../../../scripts/docs/errors.ts';
import { REFUSAL_CODES } from '../../../services/gateway/src/assets/refusal-codes.ts';

/** The cells of the row that begins with this code. */
function rowOf(code: string): readonly string[] {
  const row = errorsPage()
    .split('\n')
    .find((line) => line.startsWith(`| \`${code}\` |`));
  return (row ?? '').split(' | ').map((cell) => cell.replace(/^\||\|$/g, '').trim());
}

describe('the page of errors', () => {
  it('says of every code what it means and what to do next', () => {
    for (const code of Object.keys(ERRORS)) {
      const cells = rowOf(code);
      expect(cells, code).to.have.length(5);
      for (const text of cells.slice(3)) expect(text, code).to.match(/[A-Z`].{9,}/);
    }
  });

  it('says the same of each refusal', () => {
    for (const code of Object.keys(REFUSAL_CODES)) {
      for (const text of rowOf(code).slice(1)) expect(text, code).to.match(/[A-Z`].{9,}\.$/);
    }
  });

  it('has the HTTP status of requests, and the ending of jobs', () => {
    expect(rowOf('NODE_FULL')[1]).to.equal('503');
    expect(rowOf('IMAGE_UNAVAILABLE')[1]).to.equal('11');
  });
});
