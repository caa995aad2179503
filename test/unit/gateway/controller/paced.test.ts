import { expect } from 'chai';
import { createPaced } from '../../../../services/gateway/src/controller/paced.ts';

describe('paced work', () => {
  it('is done at once, and once more for all that ask until its time is over', async () => {
    let done = 0;
    const { promise: again, resolve } = Promise.withResolvers<void>();
    const paced = createPaced(() => void ((done += 1) === 2 && resolve()), 5);
    expect([paced.ask(), paced.ask(), paced.ask(), done]).to.deep.equal([true, false, false, 1]);
    await again;
    expect(done).to.equal(2);
    paced.stop();
  });

  it('is not done any more after its stop', () => {
    let done = 0;
    const paced = createPaced(() => void (done += 1), 1_000);
    paced.ask();
    paced.ask();
    paced.stop();
    expect(done).to.equal(1);
  });
});
