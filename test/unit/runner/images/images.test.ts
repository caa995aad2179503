import { expect } from 'chai';
import fc from 'fast-check';
import { pullRefusal } from '../../../../services/runner/src/docker/pull-refusal.ts';
import { namesToRemove, nextToEvict, usedPercent } from '../../../../services/runner/src/images/eviction.ts';
import { platformRefusal } from '../../../../services/runner/src/images/platform.ts';
import {
  isListedRegistry,
  isLocalById,
  isLocalByName,
  refusalOf,
} from '../../../../services/runner/src/images/policy.ts';
import { createPullProgress } from '../../../../services/runner/src/images/pull-progress.ts';
import { canonicalHost, referenceOf } from '../../../../services/runner/src/images/reference.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const read = (image: string, tag?: string, checksum?: string) =>
  referenceOf({ image, ...(tag === undefined ? {} : { tag }), ...(checksum === undefined ? {} : { checksum }) });

describe('the name of an image', () => {
  it('is read as an engine reads it', () => {
    expect(read('busybox')).to.deep.equal({
      name: 'busybox',
      repository: 'docker.io/library/busybox',
      registry: 'docker.io',
      tagged: 'busybox:latest',
    });
    expect(read('team/app', '1')).to.include({ repository: 'docker.io/team/app', tagged: 'team/app:1' });
    expect(read('localhost:5000/app')).to.include({
      repository: 'localhost:5000/app',
      tagged: 'localhost:5000/app:latest',
    });
    expect(read('[::1]:5000/app')).to.include({ registry: '[::1]:5000', tagged: '[::1]:5000/app:latest' });
    expect(read('registry.example/a/b/c:2')).to.include({
      registry: 'registry.example',
      tagged: 'registry.example/a/b/c:2',
    });
    expect(read('app', '1', DIGEST)).to.include({ tagged: 'app:1', pinned: `app@${DIGEST}`, digest: DIGEST });
    expect(read(`app:1@${DIGEST}`)).to.include({ tagged: 'app:1', pinned: `app@${DIGEST}` });
  });

  it('is one, however its registry is spelt', () => {
    const spellings = ['busybox', 'library/busybox', 'docker.io/busybox', 'index.docker.io/library/busybox'];
    for (const name of spellings) expect(read(name)?.repository, name).to.equal('docker.io/library/busybox');
    expect(read('Registry.Example:443/app')?.repository).to.equal('registry.example/app');
    // To newer engines, these are hosts.
    expect(read('INTRANET/foo')).to.include({ registry: 'intranet', repository: 'intranet/foo' });
    expect(read('LOCALHOST/foo')).to.include({ registry: 'localhost', repository: 'localhost/foo' });
    expect(canonicalHost('index.docker.io')).to.equal('docker.io');
  });

  it('may have its tag in it, beside which no other one counts', () => {
    expect(read('team/app:1', '1')).to.include({ tagged: 'team/app:1' });
    expect(read('team/app:1', 'latest')).to.include({ tagged: 'team/app:1' });
    expect(read('localhost:5000/app', '1')).to.include({ tagged: 'localhost:5000/app:1' });
    expect(read('app:1', '2', DIGEST)).to.include({ tagged: 'app:1', pinned: `app@${DIGEST}` });
  });

  it('is nothing else', () => {
    const others = [
      '',
      'a b',
      '../x',
      'a/../b',
      'Upper/Case',
      'a@sha256:12',
      'a:1:2',
      '/a',
      'a/',
      'http://a/b',
      'a'.repeat(256),
      'a/'.repeat(500_000),
      '[::1/a',
    ];
    for (const name of others) expect(read(name), name).to.equal(undefined);
    expect(read('a', undefined, 'sha256:12')).to.equal(undefined);
    expect(read(`a@${DIGEST}`, undefined, `sha256:${'cd'.repeat(32)}`)).to.equal(undefined);
    expect(read(`a@${DIGEST}`, '1')).to.equal(undefined);
  });
});

describe('what may run', () => {
  const policy = { deny: [], requireDigest: false };
  const refusal = (image: string, given: object, checksum?: string) => {
    const reference = read(image, undefined, checksum);
    return reference && refusalOf(reference, { ...policy, ...given });
  };

  it('is anything, where there is no list', () => {
    expect(refusal('anything/at-all', {})).to.equal(undefined);
  });

  it('is only what is allowed, where there is a list', () => {
    const allow = ['registry.example/team/*', 'busybox', 'public/**'];
    for (const image of ['registry.example/team/app', 'busybox', 'docker.io/library/busybox', 'public/a', 'public/a']) {
      expect(refusal(image, { allow }), image).to.equal(undefined);
    }
    for (const image of [
      'registry.example/team/a/b',
      'registry.example/team',
      'other.example/team/app',
      'x/busybox',
      'alpine',
    ]) {
      expect(refusal(image, { allow }), image).to.contain('not on the list');
    }
    expect(refusal('busybox', { allow: [] })).to.contain('not on the list');
    expect(refusal('evil.example/registry.example/team/app', { allow: ['*.example/team/*'] })).to.contain(
      'not on the list',
    );
    expect(refusal('a.example/x/y', { allow: ['**'] })).to.equal(undefined);
  });

  it('is never what is denied', () => {
    expect(refusal('team/secret', { allow: ['team/*'], deny: ['team/secret'] })).to.contain(
      'does not run images of that',
    );
    expect(refusal('registry-1.docker.io/team/secret', { deny: ['docker.io/**'] })).to.contain('does not run');
  });

  it('has a digest, where that is asked for', () => {
    expect(refusal('busybox', { requireDigest: true })).to.contain('whose digest is given');
    expect(refusal('busybox', { requireDigest: true }, DIGEST)).to.equal(undefined);
  });

  it('comes from registries that the operator has named in one way or another', () => {
    const settings = {
      registries: ['docker.io', 'GHCR.io:443'],
      allow: ['team.example/a/*', '*.wild.example/**', 'python'],
    };
    const isListed = (registry: string) =>
      isListedRegistry(registry, { settings, logins: [{ host: 'login.example:5000' }] });
    for (const host of ['docker.io', 'ghcr.io', 'team.example', 'login.example:5000'])
      expect(isListed(host), host).to.equal(true);
    for (const host of ['10.0.0.1', 'localhost', 'a.wild.example', 'login.example', 'evil.docker.io', '[::1]:5000']) {
      expect(isListed(host), host).to.equal(false);
    }
  });

  it('is what the operator gives by name, by tag or by id', () => {
    const isLocal = (image: string, local: readonly string[]) => {
      const reference = read(image);
      return reference !== undefined && isLocalByName(reference, local);
    };
    expect(isLocal('localhost/a/b:1', ['localhost/a/b'])).to.equal(true);
    expect(isLocal('localhost/a/b:1', ['localhost/a/b:1'])).to.equal(true);
    expect(isLocal('localhost/a/b:2', ['localhost/a/b:1'])).to.equal(false);
    expect(isLocal('localhost:5000/a:2', ['localhost:5000/a:2', 'x'])).to.equal(true);
    expect(isLocal('docker.io/library/app', ['app'])).to.equal(true);
    expect(isLocal('evil/app', ['app'])).to.equal(false);
    expect(isLocal('sha256:ab', [DIGEST])).to.equal(false);
    expect(isLocalById({ id: DIGEST }, [DIGEST])).to.equal(true);
    expect(isLocalById({ id: DIGEST }, ['x'])).to.equal(false);
  });

  it('is made for the machine', () => {
    const engine = { os: 'linux', architecture: 'amd64' };
    expect(platformRefusal({ os: 'linux', architecture: 'amd64' }, engine)).to.equal(undefined);
    expect(platformRefusal({ os: 'linux', architecture: '386' }, engine)).to.equal(undefined);
    expect(platformRefusal({ os: '', architecture: '' }, engine)).to.equal(undefined);
    expect(platformRefusal({ os: 'linux', architecture: 'arm64' }, engine)).to.equal(
      'it is made for linux/arm64, and this machine is linux/amd64',
    );
    expect(platformRefusal({ os: 'windows', architecture: 'amd64' }, engine)).to.contain('windows/amd64');
  });
});

describe('the progress of a pull', () => {
  it('is the sum of its layers, with a total once all of them are known', () => {
    const progress = createPullProgress();
    expect(progress.note({ layer: 'a', phase: 'waiting' })).to.include({ doneBytes: 0, totalBytes: undefined });
    progress.note({ layer: 'b', phase: 'waiting' });
    expect(progress.note({ layer: 'a', phase: 'downloading', doneBytes: 5, totalBytes: 10 })).to.deep.include({
      doneBytes: 5,
      totalBytes: undefined,
      knownBytes: 10,
    });
    expect(progress.note({ layer: 'b', phase: 'downloading', doneBytes: 1, totalBytes: 4 })).to.include({
      totalBytes: 14,
    });
    expect(progress.note({ layer: 'a', phase: 'downloaded' })).to.include({ doneBytes: 11, totalBytes: 14 });
    expect(progress.note({ layer: 'b', phase: 'downloaded' })).to.include({ doneBytes: 14, totalBytes: 14 });
    expect(progress.note({ layer: 'c', phase: 'downloaded' })).to.include({ doneBytes: 14, totalBytes: 14 });
  });
});

describe('a pull that goes on', () => {
  it('is one of which something has come, not one that says the same again', () => {
    const progress = createPullProgress();
    const half = { layer: 'a', phase: 'downloading', doneBytes: 5, totalBytes: 10 } as const;
    expect(progress.note({ layer: 'a', phase: 'waiting' })).to.include({ hasMoved: true, isHere: false });
    expect(progress.note({ layer: 'a', phase: 'waiting' })).to.include({ hasMoved: false });
    expect(progress.note(half)).to.include({ hasMoved: true, isHere: false });
    expect(progress.note(half)).to.include({ hasMoved: false, isHere: false });
    expect(progress.note({ ...half, doneBytes: 6 })).to.include({ hasMoved: true });
    expect(progress.note({ layer: 'b', phase: 'downloaded' })).to.include({ hasMoved: true, isHere: false });
    // From here on an engine may unpack without a word.
    expect(progress.note({ layer: 'a', phase: 'downloaded' })).to.include({ hasMoved: true, isHere: true });
    expect(progress.note({ layer: 'c', phase: 'waiting' })).to.include({ hasMoved: true, isHere: false });
  });
});

describe('a pull that failed', () => {
  it('is given a reason that tells no path and no address', () => {
    const reasons: readonly [string, RegExp, boolean][] = [
      ['Head "http://10.1.1.1/v2/a/manifests/1": no basic auth credentials', /wants a login/, false],
      [
        'failed to resolve reference "10.1.1.1/a:1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
        /^its registry wants a login/,
        false,
      ],
      ['manifest for a:1 not found: manifest unknown: manifest unknown', /has no such image/, false],
      [
        'pull access denied for a, repository does not exist or may require "docker login": denied: requested …',
        /no such image, or wants a login for it; .*runner\.images\.local/,
        false,
      ],
      [
        'no matching manifest for linux/amd64 in the manifest list entries',
        /not made for this machine \(linux\/amd64\)/,
        false,
      ],
      ['write /var/lib/docker/tmp/GetImageBlob1: no space left on device', /disk is full/, false],
      [
        'Get "https://a/v2/": dial tcp: lookup a on 10.0.0.1:53: no such host',
        /^its registry gave no answer that the engine can use$/,
        true,
      ],
      [
        'dial tcp 10.0.0.1:443: connect: connection refused',
        /^its registry gave no answer that the engine can use$/,
        true,
      ],
      ['net/http: TLS handshake timeout', /^its registry gave no answer that the engine can use$/, true],
      [
        'received unexpected HTTP status: 502 Bad Gateway',
        /^its registry gave no answer that the engine can use$/,
        true,
      ],
      ['x509: certificate signed by unknown authority', /^its registry gave no answer that the engine can use$/, false],
      ['something /of/the/engine that nobody has seen', /^its registry gave no answer that the engine can use$/, false],
      // As the image store of containerd says it.
      ['docker.io/a/b:9: not found', /has no such image/, false],
      [
        '(HTTP code 404) no such image - failed to resolve reference "127.0.0.1:5999/z:9": 127.0.0.1:5999/z:9: not found ',
        /has no such image/,
        false,
      ],
      ['no match for platform in manifest sha256:ab: not found', /not made for this machine/, false],
      [
        'unexpected status from HEAD request to https://a/v2/: 503 Service Unavailable',
        /^its registry gave no answer that the engine can use$/,
        true,
      ],
      ['server message: insufficient_scope: authorization failed', /or wants a login/, false],
    ];
    for (const [text, reason, mayPass] of reasons) {
      const refusal = pullRefusal(text);
      expect(refusal.reason, text).to.match(reason);
      expect(refusal.mayPass, text).to.equal(mayPass);
      expect(refusal.reason).not.to.match(/\/var|10\.\d|\/of/);
    }
  });
});

describe('which image goes', () => {
  const note = fc.record({ reference: fc.string(), id: fc.string(), lastUsedAt: fc.nat() });

  it('is the one that was used the longest ago, of those that may', () => {
    fc.assert(
      fc.property(fc.array(note), fc.nat(), (notes, limit) => {
        const mayGo = ({ lastUsedAt }: { lastUsedAt: number }) => lastUsedAt >= limit;
        const gone = nextToEvict(notes, mayGo);
        const candidates = notes.filter(mayGo);
        if (candidates.length === 0) expect(gone).to.equal(undefined);
        else expect(gone?.lastUsedAt).to.equal(Math.min(...candidates.map(({ lastUsedAt }) => lastUsedAt)));
      }),
    );
  });

  it('goes by the names that it was pulled by, unless somebody has given it another', () => {
    const digest = `some/app@${DIGEST}`;
    expect(namesToRemove({ tags: [], digests: [digest] }, [`docker.io/${digest}`])).to.deep.equal([digest]);
    expect(namesToRemove({ tags: [], digests: [digest, `x/y@${DIGEST}`] }, [digest])).to.deep.equal([digest]);
    expect(namesToRemove({ tags: ['mine:1'], digests: [digest] }, [digest])).to.equal(undefined);
    // As earlier versions pulled: by a tag, which may have gone to another image since.
    expect(namesToRemove({ tags: ['app:1'], digests: [`app@${DIGEST}`] }, ['docker.io/library/app:1'])).to.deep.equal([
      'app:1',
    ]);
    expect(namesToRemove({ tags: [], digests: [`app@${DIGEST}`] }, ['app:1'])).to.deep.equal([]);
  });

  it('depends on how full the disk is', () => {
    expect(usedPercent({ totalBytes: 200, freeBytes: 50 })).to.equal(75);
  });

  it('depends on how many files the disk still takes, where it counts them', () => {
    expect(usedPercent({ totalBytes: 200, freeBytes: 150, totalFiles: 1_000, freeFiles: 100 })).to.equal(90);
    expect(usedPercent({ totalBytes: 200, freeBytes: 50, totalFiles: 1_000, freeFiles: 900 })).to.equal(75);
  });
});
