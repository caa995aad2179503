import { expect } from 'chai';
import { createNotifyProblem } from '../../../../services/gateway/src/notify/allowed.ts';
import { createPost } from '../../../../services/gateway/src/notify/post.ts';

describe('an address for notifications', () => {
  it('is none of the public ones that the operator denies', async () => {
    const deny = ['1.1.1.0/24'];
    const problem = createNotifyProblem([], deny);
    expect(problem('http://1.1.1.7/hook')).to.match(/public address/);
    expect(problem('http://1.0.0.7/hook')).to.equal(undefined);
    const post = createPost({ allowPrivate: [], timeoutS: 5 }, deny);
    const told = await post.send('http://1.1.1.7/hook', { body: '{}', headers: {} }, AbortSignal.timeout(60_000));
    await post.close();
    expect(told).to.equal('its server has no public address');
  });
});
