import { expect } from 'chai';
import {
  prefixOf,
  withoutAuthority,
  withoutDoubledSlashes,
  withoutPrefix,
} from '../../../../services/gateway/src/http/prefix.ts';

describe('the path that a node is served below', () => {
  it('is that of its public address', () => {
    const addresses = [undefined, 'https://x', 'https://x/capstan', 'https://x:1/a/b'];
    expect(addresses.map(prefixOf)).to.deep.equal(['', '', '/capstan', '/a/b']);
  });

  it('is taken off what is asked for, once, and only as a whole', () => {
    const asked = [
      '/capstan',
      '/capstan/',
      '/capstan?x=1',
      '/capstan/ui',
      '/capstan/capstan/ui',
      '/capstans',
      '/ui',
      '*',
      '',
    ];
    expect(asked.map((target) => withoutPrefix(target, '/capstan'))).to.deep.equal([
      '/',
      '/',
      '/?x=1',
      '/ui',
      '/capstan/ui',
      '/capstans',
      '/ui',
      '*',
      '',
    ]);
    expect(withoutPrefix('/ui', '')).to.equal('/ui');
  });
});

describe('a path with doubled slashes', () => {
  it('is the one without them; what comes after it stays', () => {
    const asked = ['//api/services/compute', '/api///x//?url=http://a//b', '/ui', '//', '*', '', 'http://x//y'];
    expect(asked.map(withoutDoubledSlashes)).to.deep.equal([
      '/api/services/compute',
      '/api/x/?url=http://a//b',
      '/ui',
      '/',
      '*',
      '',
      'http://x//y',
    ]);
  });
});

describe('a whole address as a target', () => {
  it('is its path and query; the root, where it has none', () => {
    const asked = [
      'http://a.example/ui?x=1',
      'HTTPS://a',
      'http://',
      'ws:///x',
      'http://a?x=/y',
      'http://#',
      '/u?http://a/',
      '*',
      '',
    ];
    expect(asked.map(withoutAuthority)).to.deep.equal([
      '/ui?x=1',
      '/',
      '/',
      '/x',
      '/?x=/y',
      '/#',
      '/u?http://a/',
      '*',
      '',
    ]);
  });
});
