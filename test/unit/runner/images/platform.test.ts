import { expect } from 'chai';
import { platformRefusal } from '../../../../services/runner/src/images/platform.ts';

describe('why a machine can not run an image', () => {
  const engine = { os: 'linux', architecture: 'amd64' };

  it('says what the image is made for, where that looks like a machine', () => {
    expect(platformRefusal({ os: 'linux', architecture: 'arm64' }, engine)).to.equal(
      'it is made for linux/arm64, and this machine is linux/amd64',
    );
    for (const architecture of ['x\ny', 'y'.repeat(1_000), '\u202emra', 'a b'])
      expect(platformRefusal({ os: 'linux', architecture }, engine)).to.contain('made for linux/something else');
  });
});
