import { expect } from 'chai';
import { copiesIn } from '../../../../services/runner/src/images/image-volumes.ts';

describe('the volumes of an image', () => {
  it('copy a file as often as those that hold it lie in one another', () => {
    expect(copiesIn([])).to.equal(0);
    expect(copiesIn(['/a', '/b', '/ab'])).to.equal(1);
    expect(copiesIn(['/a', '/a/b', '/a/b/c', '/d'])).to.equal(3);
    expect(copiesIn(['/a', '/a/b', '/a/c'])).to.equal(2);
  });
});
