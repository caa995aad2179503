/** What people who configure a node read about a setting that is not of its form: words, and what it was probably meant to be. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type Variables } from '@capstan/shared/config/load';
import { loadRightSettings } from '@capstan/shared/config/right-settings';
import { ConfigSchema } from '@capstan/shared/config/schema';
import { messageOf } from '@capstan/shared/contract/errors';
import { wordsFor } from '@capstan/shared/schema/pattern-words';
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

  it('in the wrong section is answered with the right one', () => {
    const text = refusal(
      'port: 1\noperators: []\ngateway:\n  keepEventsDays: 3\n  maxJobs: 2\nrunner:\n  environments:\n    - minFreeDiskGB: 1\n',
    );
    const about = (key: string) => text.split('\n').find((line) => line.trim().startsWith(`${key}:`));
    expect(about('gateway.keepEventsDays')).to.contain('Did you mean gateway.live.keepEventsDays?');
    expect(about('gateway.maxJobs')).to.contain('Did you mean runner.environments[].maxJobs?');
    expect(about('port')).to.contain('Did you mean gateway.port or runner.files.port?');
    expect(about('operators')).to.contain('Did you mean gateway.operators?');
    expect(about('runner.environments[0].minFreeDiskGB')).to.contain('Did you mean runner.minFreeDiskGB?');
  });

  it('in the wrong section of a list is answered with that member of it', () => {
    const text = refusal('runner:\n  environments:\n    - id: a\n    - entrypoint: run\n      memoryGb: 1\n');
    expect(text).to.contain('Did you mean runner.environments[1].filter.entrypoint?');
    expect(text).to.contain('Did you mean runner.environments[1].memoryGB?');
  });

  it('with dots in its name is answered with its section', () => {
    const text = refusal('runner.id: x\n');
    expect(text).to.contain('Write id in the section runner').and.not.to.contain('CAPSTAN_RUNNER_ID');
  });

  it('given by a variable of another section is answered with the right variable', () => {
    expect(refusal('', { CAPSTAN_GATEWAY_KEEP_EVENTS_DAYS: '3' })).to.contain(
      'did you mean CAPSTAN_GATEWAY_LIVE_KEEP_EVENTS_DAYS?',
    );
    expect(refusal('', { CAPSTAN_PUBLIC_URL: 'https://node.example' })).to.contain(
      'did you mean CAPSTAN_GATEWAY_PUBLIC_URL?',
    );
  });

  it('is never repeated where it looks like a secret in the wrong section', () => {
    const text = refusal('gateway:\n  secretAccessKey: 5eec7e7\n  nodekey: 5eec7e7\npassword: 5eec7e7\n');
    expect(text).to.contain('Did you mean results.s3.secretAccessKey?').and.not.to.contain('5eec7e7');
  });

  it('leaves the others to whoever looks at the machine all the same', () => {
    writeFileSync(
      join(dir, 'capstan.yaml'),
      'gateway:\n  port: 8100\n  keepEventsDays: 3\n  chainId: x\nrunner:\n  environments:\n    - id: a\n      maxJobs: 0\n    - id: b\n',
    );
    const config = loadRightSettings({ CAPSTAN_DATA_DIR: 'there', CAPSTAN_LOG_LEVEL: 'loud' }, dir);
    expect(config.dataDir).to.equal(join(dir, 'there'));
    expect(config.gateway).to.include({ port: 8100, chainId: 8996 });
    expect(config.logLevel).to.equal('info');
    expect(config.runner.environments.map(({ id, maxJobs }) => [id, maxJobs])).to.deep.equal([
      ['a', 2],
      ['b', 2],
    ]);
    writeFileSync(join(dir, 'capstan.yaml'), 'a: [');
    expect(loadRightSettings({ CAPSTAN_DATA_DIR: 'there' }, dir).dataDir).to.equal(join(dir, 'there'));
    expect(loadRightSettings({}, dir).gateway.port).to.equal(8030);
  });

  it('in a file that is not there is told in words', () => {
    const missing = refusal('', { CAPSTAN_CONFIG: 'nowhere.yaml' });
    expect(missing).to.contain(join(dir, 'nowhere.yaml')).and.to.contain('CAPSTAN_CONFIG').and.not.to.contain('ENOENT');
    const folder = refusal('', { CAPSTAN_CONFIG: '.' });
    expect(folder).to.contain('is a folder').and.not.to.contain('EISDIR');
  });
});
