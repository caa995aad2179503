import { CapstanError, ERRORS, hasCode, messageOf, systemCode } from '@capstan/shared/contract/errors';
import { expect } from 'chai';

describe('an error of ours', () => {
  it('is recognised by its code', () => {
    const error: unknown = new CapstanError('NOT_FOUND', 'There is no such job.');
    expect(hasCode(error, 'NOT_FOUND')).to.equal(true);
    expect(hasCode(error, 'REFUSED', 'NOT_FOUND')).to.equal(true);
    expect(hasCode(error, 'REFUSED')).to.equal(false);
    expect(hasCode(new Error('NOT_FOUND'), 'NOT_FOUND')).to.equal(false);
    expect(hasCode(undefined, 'NOT_FOUND')).to.equal(false);
  });

  it('knows from the table whether trying again may help', () => {
    expect(new CapstanError('BUS_UNAVAILABLE', '').retryable).to.equal(true);
    expect(new CapstanError('FETCH_FAILED', '').retryable).to.equal(false);
  });

  it('keeps its cause and facts', () => {
    const cause = new Error('disk');
    const error = new CapstanError('REFUSED', 'No.', { cause, refusal: { dataset: 'missing' } });
    expect(error.cause).to.equal(cause);
    expect(error.facts.refusal).to.deep.equal({ dataset: 'missing' });
    expect(error.name).to.equal('CapstanError');
  });

  it('has an HTTP status of a failure', () => {
    for (const { status } of Object.values(ERRORS)) expect(status).to.be.within(400, 599);
  });
});

describe('whatever was thrown', () => {
  it('has a text', () => {
    expect(messageOf(new TypeError('bad'))).to.equal('bad');
    expect(messageOf('text')).to.equal('text');
    expect(messageOf(undefined)).to.equal('undefined');
  });

  it("has a code if it is an error of Node's own", () => {
    expect(systemCode(Object.assign(new Error('x'), { code: 'ENOENT' }))).to.equal('ENOENT');
    expect(systemCode(Object.assign(new Error('x'), { code: 5 }))).to.equal(undefined);
    expect(systemCode({ code: 'ENOENT' })).to.equal(undefined);
    expect(systemCode(new Error('x'))).to.equal(undefined);
  });
});
