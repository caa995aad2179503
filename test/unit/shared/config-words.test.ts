/** What people who configure a node read about a setting that is not of its form: words, and what it was probably meant to be. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type Variables } from '@capstan/shared/config/load';
import { ConfigSchema } from '@capstan/shared/config/schema';
import { messageOf } from '@capstan/shared/errors';
import { wordsFor } from '@capstan/shared/pattern-words';
import { expect } from 'chai';

describe('a refused setting', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'capstan-config-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const refusal = (text: string, variables: Variables = {}) => {
    if (text !== '') writeFileSync(join(dir, 'capstan.yaml'), text);
    try {
      loadConfig(variables, dir);
    } catch (error) {
      return messageOf(error);
    }
    return '';
  };

  it('has words for every form', () => {
    const patterns = [...JSON.stringify(ConfigSchema).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)];
    expect(patterns).to.have.length.above(10);
    for (const [, pattern = '""'] of patterns) expect(wordsFor(JSON.parse(pattern)), pattern).to.be.a('string');
  });

  it('is answered with the right form, not with a pattern', () => {
    const bare = refusal('gateway:\n  publicUrl: node.example/x\n');
    expect(bare).to.contain('Did you mean https://node.example/x?').and.not.to.contain('^http');
    const slash = refusal('gateway:\n  publicUrl: https://node.example/x/\n');
    expect(slash).to.contain('Did you mean https://node.example/x?');
  });

  it('is never repeated where it is the key to something', () => {
    expect(refusal('chains:\n  - id: 1\n    rpc: [secret.example/key]\n'))
      .to.contain('rpc')
      .and.not.to.contain('secret');
  });

  it('in a file that is not there is told in words', () => {
    const missing = refusal('', { CAPSTAN_CONFIG: 'nowhere.yaml' });
    expect(missing).to.contain(join(dir, 'nowhere.yaml')).and.to.contain('CAPSTAN_CONFIG').and.not.to.contain('ENOENT');
    const folder = refusal('', { CAPSTAN_CONFIG: '.' });
    expect(folder).to.contain('is a folder').and.not.to.contain('EISDIR');
  });
});
