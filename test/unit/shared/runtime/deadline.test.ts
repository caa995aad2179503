import { once } from 'node:events';
import { deadline } from '@capstan/shared/runtime/deadline';
import { expect } from 'chai';

describe('a deadline', () => {
  it('may be any time, fractions of a millisecond and what is over included', async () => {
    for (const ms of [1.5, 0, -7]) {
      const signal = deadline(ms);
      if (!signal.aborted) await once(signal, 'abort');
      expect(signal.reason).to.have.property('name', 'TimeoutError');
    }
    expect(deadline(1_999_999_999.5).aborted).to.equal(false);
  });
});
