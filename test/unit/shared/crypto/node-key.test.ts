import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { hasCode } from '@capstan/shared/contract/errors';
import { createLog } from '@capstan/shared/runtime/log';
import { loadOrCreateNodeKey, nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { expect } from 'chai';

const HEX = '11'.repeat(32);

describe('a node key', () => {
  it('is read from hex, with or without 0x and surrounding space', () => {
    for (const text of [HEX, `0x${HEX}`, ` 0x${HEX}\n`]) {
      expect(nodeKeyFrom(text).secret().toString('hex')).to.equal(HEX);
    }
  });

  it('is refused if it is none, without being repeated', () => {
    for (const text of ['', '0x', HEX.slice(1), `${HEX}11`, '0'.repeat(64), `${HEX.slice(2)}zz`]) {
      try {
        nodeKeyFrom(text);
        expect.fail(`took ${text}`);
      } catch (error) {
        expect(hasCode(error, 'INVALID_CONFIG')).to.equal(true);
        expect(String(error)).not.to.contain('1111');
      }
    }
  });

  it('cannot be printed', () => {
    const key = nodeKeyFrom(HEX);
    const prints = [
      String(key), // oxlint-disable-line typescript/no-base-to-string -- that it prints nothing of itself is the point
      JSON.stringify({ key }),
      inspect(key),
      inspect({ key }, { depth: 9, showHidden: true }),
    ];
    for (const print of prints) {
      expect(print).to.contain('[node key]');
      expect(print).not.to.contain('1111');
      expect(print).not.to.contain('17, 17');
    }
    expect(createLog('x', 'silent').bindings()).not.to.have.property('key');
  });
});

describe('the file of the node key', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'capstan-key-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('is made on the first start, for its owner only, and read again on the next', async () => {
    const path = join(dir, 'var/node.key');
    const made = await loadOrCreateNodeKey(path);
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect((await stat(join(dir, 'var'))).mode & 0o777).to.equal(0o700);
    const again = await loadOrCreateNodeKey(path);
    expect(again.secret().equals(made.secret())).to.equal(true);
  });

  it('is one and the same for all who start together, and nothing else is left beside it', async () => {
    const path = join(dir, 'node.key');
    const keys = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateNodeKey(path)));
    expect(new Set(keys.map((key) => key.secret().toString('hex'))).size).to.equal(1);
    expect(await readdir(dir)).to.deep.equal(['node.key']);
  });

  it('is never overwritten, not even when it is damaged', async () => {
    const path = join(dir, 'node.key');
    await writeFile(path, 'damaged');
    await loadOrCreateNodeKey(path).then(
      () => expect.fail('took a damaged key'),
      (error: unknown) => expect(hasCode(error, 'INVALID_CONFIG')).to.equal(true),
    );
    expect(await readFile(path, 'utf8')).to.equal('damaged');
    await chmod(path, 0o600);
  });
});
