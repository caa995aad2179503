import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type Variables } from '@capstan/shared/config/load';
import { dataPaths } from '@capstan/shared/config/process';
import { ConfigSchema } from '@capstan/shared/config/schema';
import { settings } from '@capstan/shared/config/variables';
import { hasCode, messageOf } from '@capstan/shared/contract/errors';
import { expect } from 'chai';

describe('the configuration', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'capstan-config-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const file = (text: string, name = 'capstan.yaml') => writeFileSync(join(dir, name), text);
  const load = (variables: Variables = {}) => loadConfig(variables, dir);
  const refusal = (variables: Variables = {}): readonly string[] => {
    try {
      load(variables);
    } catch (error) {
      expect(hasCode(error, 'INVALID_CONFIG')).to.equal(true);
      return messageOf(error).split('\n  ');
    }
    return [];
  };

  it('is whole without a file and without variables', () => {
    const config = load();
    expect(config.gateway).to.deep.include({ host: '127.0.0.1', port: 8030, statusAccess: 'open', chainId: 8996 });
    expect(config.runner.environments).to.have.length(1);
    expect(config.runner.environments[0]).to.deep.include({ id: 'local', maxJobs: 2, pids: 512 });
    expect(config.dataDir).to.equal(join(dir, 'var'));
    expect(config).not.to.have.property('nodeKey');
  });

  it('comes from capstan.yaml, and variables win over it', () => {
    file('gateway:\n  port: 9000\n  chainId: 5\nnats:\n  user: u\n');
    const config = load({ CAPSTAN_GATEWAY_PORT: '9001', HOME: '/root' });
    expect(config.gateway).to.deep.include({ port: 9001, chainId: 5 });
    expect(config.nats.user).to.equal('u');
  });

  it('comes from the file that CAPSTAN_CONFIG names, which must be there', () => {
    file('logLevel: debug\n', 'other.yaml');
    expect(load({ CAPSTAN_CONFIG: 'other.yaml' }).logLevel).to.equal('debug');
    expect(refusal({ CAPSTAN_CONFIG: 'missing.yaml' })[0]).to.contain('missing.yaml');
  });

  it('takes no time that a timer would not keep', () => {
    const problems = refusal({ CAPSTAN_RUNNER_FETCH_TOTAL_TIMEOUT_S: '3000000', CAPSTAN_RUNNER_PULL_TIMEOUT_S: '0' });
    expect(problems.find((text) => text.startsWith('runner.fetch.totalTimeoutS'))).to.match(/2000000 at most/);
    expect(problems.find((text) => text.startsWith('runner.pullTimeoutS'))).to.match(/> 0/);
  });

  it('suggests what a misspelt setting or variable was meant to be, and quotes for an address that YAML read as a number', () => {
    file(
      'gateway:\n  prot: 1\n  operators: [0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A]\nrunner:\n  id: 5\n  environments: [{ id: a, maxJob: 2 }]\n',
    );
    const problems = refusal({ CAPSTAN_GATEWAY_PROT: '1' }).join('\n');
    expect(problems).to.include(
      'CAPSTAN_GATEWAY_PROT: no setting has this variable; did you mean CAPSTAN_GATEWAY_PORT?',
    );
    expect(problems).to.match(/gateway\.prot: .* Did you mean gateway\.port\?/);
    expect(problems).to.match(/gateway\.operators\[0\]: .* put the address in quotes/);
    expect(problems).to.match(/runner\.id: .* read as a number: put it in quotes/);
    expect(problems).to.match(/environments\[0\]\.maxJob: .* Did you mean runner\.environments\[0\]\.maxJobs\?/);
  });

  it('takes a value from the file that a variable with _FILE names', () => {
    file('hunter2\n', 'password');
    expect(load({ CAPSTAN_NATS_PASSWORD_FILE: 'password' }).nats.password).to.equal('hunter2');
    expect(refusal({ CAPSTAN_NATS_PASSWORD_FILE: 'nowhere' })[1]).to.match(/^CAPSTAN_NATS_PASSWORD_FILE: .*nowhere/);
    const both = refusal({ CAPSTAN_NATS_PASSWORD_FILE: 'password', CAPSTAN_NATS_PASSWORD: 'other' });
    expect(both[1]).to.match(/CAPSTAN_NATS_PASSWORD is set as well/);
    expect(both.join()).not.to.contain('hunter2');
  });

  it('takes lists as JSON or with commas, and environments as JSON', () => {
    const config = load({
      CAPSTAN_NATS_SERVERS: 'nats://a:1, nats://b:2',
      CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["10.0.0.0/8"]',
      CAPSTAN_RUNNER_ENVIRONMENTS: '[{"id":"small","maxJobs":1},{"id":"big","memoryGB":4}]',
    });
    expect(config.nats.servers).to.deep.equal(['nats://a:1', 'nats://b:2']);
    expect(config.runner.fetch.allowPrivate).to.deep.equal(['10.0.0.0/8']);
    expect(config.runner.environments.map(({ id, maxJobs, pids }) => [id, maxJobs, pids])).to.deep.equal([
      ['small', 1, 512],
      ['big', 2, 512],
    ]);
  });

  it('reports all problems together, each with its key, its value, what is allowed and its variable', () => {
    file(
      'gateway:\n  port: 99999\n  statusAccess: shut\nrunner:\n  environments:\n    - id: "a b"\n      maxJobs: 0\ncolour: red\n',
    );
    const problems = refusal({ CAPSTAN_RUNNER_JOB_UID: '0', CAPSTAN_GATEWAY_PROT: '1', CAPSTAN_GATEWAY_CHAIN_ID: 'x' });
    const about = (key: string) => problems.find((problem) => problem.startsWith(`${key}:`));
    expect(problems).to.have.length(9);
    expect(about('gateway.port')).to.match(/65535 at most.*It is 99999.*CAPSTAN_GATEWAY_PORT/);
    expect(about('gateway.statusAccess')).to.match(/"open", "id", "signed".*It is "shut"/);
    expect(about('gateway.chainId')).to.match(/a whole number.*It is "x"/);
    expect(about('runner.jobUid')).to.match(/1 or more.*It is 0/);
    expect(about('runner.environments[0].id')).to.match(/letters, digits and _ -.*It is "a b"/);
    expect(about('runner.environments[0].maxJobs')).to.match(/1 or more.*It is 0/);
    expect(about('colour')).to.match(/not known/);
    expect(about('CAPSTAN_GATEWAY_PROT')).to.match(/no setting/);
  });

  it('never repeats a secret', () => {
    const nats = 'nats:\n  password: [5eec7e7]\n  servers: nats://me:5eec7e7@host:1\n';
    const chains = 'chains:\n  - id: 1\n    rpc: ["wss://rpc.example/5eec7e7"]\n';
    const store = 'gateway:\n  metadataStoreUrl: https://me:5eec7e7@store\n';
    const registries =
      'runner:\n  registries:\n    - host: r.example\n      username: 5eec7e7\n      password: [5eec7e7]\n';
    file(`nodeKey: [5eec7e7]\n${nats}${chains}${store}${registries}`);
    const problems = refusal().join('\n');
    for (const key of [
      'nodeKey',
      'nats.password',
      'nats.servers',
      'chains[0].rpc[0]',
      'gateway.metadataStoreUrl',
      'runner.registries[0].password',
    ]) {
      expect(problems).to.contain(key);
    }
    expect(problems).not.to.contain('5eec7e7');
  });

  it('says so when the file is no YAML, or no settings', () => {
    file('a: [');
    expect(refusal()[0]).to.contain("can't be read");
    file('- 1\n');
    expect(refusal()[0]).to.contain('must hold settings');
    file('');
    expect(load().logLevel).to.equal('info');
  });

  it('does not change once it is read, and one reading does not show in the next', () => {
    const config = load();
    const [environment] = config.runner.environments;
    expect(() => Object.assign(config.gateway, { port: 1 })).to.throw(TypeError);
    expect(() => Object.assign(environment ?? {}, { id: 'x' })).to.throw(TypeError);
    expect(load({ CAPSTAN_LOG_LEVEL: 'warn' }).logLevel).to.equal('warn');
    expect(load().logLevel).to.equal('info');
  });

  it('keeps things below the data folder', () => {
    const paths = dataPaths(load({ CAPSTAN_DATA_DIR: 'there' }));
    expect(paths.store).to.equal(join(dir, 'there/store/capstan.db'));
    expect(paths.catalogue).to.equal(join(dir, 'there/catalogue'));
    const elsewhere = dataPaths(load({ CAPSTAN_GATEWAY_CATALOGUE_DIR: '/srv/assets' }));
    expect(elsewhere.catalogue).to.equal('/srv/assets');
  });
});

describe('a setting', () => {
  const all = settings(ConfigSchema);

  it('has a variable of its own', () => {
    expect(new Set(all.map(({ variable }) => variable)).size).to.equal(all.length);
    const names = Object.fromEntries(all.map(({ path, variable }) => [path.join('.'), variable]));
    expect(names).to.include({
      dataDir: 'CAPSTAN_DATA_DIR',
      'gateway.statusAccess': 'CAPSTAN_GATEWAY_STATUS_ACCESS',
      'runner.maxLogMB': 'CAPSTAN_RUNNER_MAX_LOG_MB',
      'runner.pullTimeoutS': 'CAPSTAN_RUNNER_PULL_TIMEOUT_S',
      'runner.environments': 'CAPSTAN_RUNNER_ENVIRONMENTS',
    });
  });
});
