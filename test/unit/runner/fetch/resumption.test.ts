import { expect } from 'chai';
import { conditionsOf, judge, resumptionOf } from '../../../../services/runner/src/fetch/resumption.ts';

const DATE = 'Wed, 01 Jan 2020 00:00:10 GMT';
const CHANGED = 'Wed, 01 Jan 2020 00:00:00 GMT';

describe('a download that may go on where it broke', () => {
  it('has a size and a strong name for its content', () => {
    expect(resumptionOf({ 'content-length': '10', etag: '"a"' })).to.deep.equal({ sizeBytes: 10, validator: '"a"' });
    expect(resumptionOf({ 'content-length': '10', 'last-modified': CHANGED, date: DATE })).to.deep.equal({
      sizeBytes: 10,
      validator: CHANGED,
    });
    const without = [
      { etag: '"a"' },
      { 'content-length': '10' },
      { 'content-length': '10', etag: 'W/"a"' },
      { 'content-length': '10', etag: '"a"', 'accept-ranges': 'none' },
      // Changed in this very second: it may have changed twice.
      { 'content-length': '10', 'last-modified': DATE, date: DATE },
      { 'content-length': '10', 'last-modified': CHANGED },
      { 'content-length': '-1', etag: '"a"' },
      { 'content-length': '1e3', etag: '"a"' },
    ];
    for (const headers of without) expect(resumptionOf(headers), JSON.stringify(headers)).to.equal(undefined);
  });

  const resumption = { sizeBytes: 10, validator: '"a"' };
  const verdict = (statusCode: number, headers: Record<string, string>) =>
    judge({ statusCode, headers }, resumption, 4);

  it('asks for the rest of that very content', () => {
    expect(conditionsOf(resumption, 4)).to.deep.equal({ range: 'bytes=4-', 'if-range': '"a"' });
  });
  it('goes on with the rest, exactly', () => {
    expect(verdict(206, { 'content-range': 'bytes 4-9/10' })).to.equal('continues');
    expect(
      verdict(206, { 'content-range': 'bytes 4-9/10', etag: '"a"', 'last-modified': CHANGED, date: DATE }),
    ).to.equal('continues');
    for (const range of ['bytes 3-9/10', 'bytes 4-8/10', 'bytes 4-9/11', 'bytes 4-9/*', 'bytes */10', '']) {
      expect(verdict(206, { 'content-range': range }), range).to.equal('useless');
    }
    expect(verdict(206, { 'content-range': 'bytes 4-9/10', 'content-encoding': 'gzip' })).to.equal('useless');
    expect(verdict(206, {})).to.equal('useless');
  });
  it('starts again where the server gives the same content as a whole', () => {
    expect(verdict(200, { etag: '"a"', 'content-length': '10' })).to.equal('starts-again');
    expect(verdict(200, { etag: '"a"', 'content-length': '11' })).to.equal('changed');
  });
  it('ends where there is another content now', () => {
    expect(verdict(200, { etag: '"b"', 'content-length': '10' })).to.equal('changed');
    expect(verdict(200, { 'content-length': '10' })).to.equal('changed');
    expect(verdict(206, { 'content-range': 'bytes 4-9/10', etag: '"b"' })).to.equal('changed');
    expect([verdict(412, {}), verdict(416, {})]).to.deep.equal(['changed', 'changed']);
  });
});
