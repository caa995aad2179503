import { expect } from 'chai';
import { LRUCache } from 'lru-cache';

describe('what is remembered', () => {
  const known = (recent: { get(key: string): unknown }, keys: string) =>
    keys
      .split('')
      .filter((key) => recent.get(key) !== undefined)
      .join('');

  it('is so many entries, the last ones that were used', () => {
    const recent = new LRUCache<string, number>({ max: 2 });
    recent.set('a', 1);
    recent.set('b', 2);
    recent.get('a');
    recent.set('c', 3);
    expect(known(recent, 'abc')).to.equal('ac');
    recent.delete('a');
    recent.set('d', 4);
    expect(known(recent, 'abcd')).to.equal('cd');
  });

  it('is so many bytes, however few entries they are; one that is too large alone takes nobody else’s place', () => {
    const recent = new LRUCache<string, string>({ max: 100, maxSize: 10, sizeCalculation: (text) => text.length });
    recent.set('a', '1234');
    recent.set('b', '1234');
    recent.set('a', '12');
    recent.set('c', '1234');
    expect(known(recent, 'abc')).to.equal('abc');
    recent.set('d', '12345678');
    expect(known(recent, 'abcd')).to.equal('d');
    recent.set('e', '123456789 123456789');
    expect(known(recent, 'abcde')).to.equal('d');
    recent.set('d', '123456789 123456789');
    expect(known(recent, 'abcde'), 'what it replaces is no more').to.equal('');
  });
});
