import { systemClock } from '@capstan/shared/runtime/clock';
import { expect } from 'chai';
import { run } from './a-process.ts';

describe('the log', () => {
  it('is a line of JSON for each effect, with words for levels and readable times', async () => {
    const { stdout } = await run(`
      import { createLog } from '@capstan/shared/runtime/log';
      import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
      const log = createLog('gateway', 'info');
      log.debug('not shown');
      log.info({ jobId: 'j', run: 1, key: nodeKeyFrom('11'.repeat(32)) }, 'job accepted');
      log.error({ err: new Error('disk') }, 'not stored');`);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).to.have.length(2);
    expect(lines[0]).to.deep.include({ level: 'info', service: 'gateway', jobId: 'j', run: 1, msg: 'job accepted' });
    expect(lines[0]?.['time']).to.match(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);
    expect(lines[0]?.['key']).to.equal('[node key]');
    expect(lines[1]).to.have.nested.property('err.message', 'disk');
    expect(stdout).not.to.contain('1111');
  });

  it('hides secrets in every class of error, its causes, and whatever else is logged', async () => {
    const { stdout } = await run(`
      import { createLog } from '@capstan/shared/runtime/log';
      import { secretsIn } from '@capstan/shared/runtime/redact';
      import { CapstanError, ERRORS } from '@capstan/shared/contract/errors';
      const config = {
        nodeKey: 'PLANTED-node-key',
        nats: { servers: ['nats://user:PLANTED-in-server@host:4222'], password: 'PLANTED "nats" password' },
        chains: [{ rpc: ['https://rpc.example/v3/PLANTED0123456789abcdef'] }],
        results: { s3: { secretAccessKey: 'PLANTED-s3', accessKeyId: 'PLANTED-id' } },
        runner: { registries: { 'r.example': { user: 'me', password: 'PLANTED-registry' } } },
      };
      const secrets = secretsIn(config);
      const log = createLog('gateway', 'debug', secrets);
      const addresses = [
        'https://rpc.example/v3/PLANTED0123456789abcdef',
        'https://me:PLANTED@other.example/x?token=PLANTED',
        'wss://other.example/PLANTED/path',
        'nats://a:PLANTED@nats:4222',
      ];
      const words = [...secrets, ...addresses].map((secret) => 'no answer of ' + secret + ' in time');
      for (const [index, code] of Object.keys(ERRORS).entries()) {
        for (const word of [words[index % words.length]]) {
          let cause = Object.assign(new Error(word, { cause: word }), { address: word, config: { headers: { authorization: word } } });
          for (let depth = 0; depth < 3; depth += 1) cause = new TypeError(word, { cause });
          const error = new CapstanError(code, 'it failed', { cause });
          log.error({ err: error, problem: cause.message }, word);
          log.warn({ err: new AggregateError([cause, error], word) }, 'several');
        }
      }
      log.info({ url: 'http://127.0.0.1:8030' }, 'listening');`);
    expect(stdout).not.to.contain('PLANTED');
    const lines = stdout.trim().split('\n');
    for (const line of lines) JSON.parse(line);
    expect(lines.length).to.be.greaterThan(80);
    expect(stdout).to.contain('https://rpc.example/[hidden]');
    expect(JSON.parse(lines.at(-1) ?? '')).to.include({ url: 'http://127.0.0.1:8030' });
  });

  it('may be silent', async () => {
    const script = `import { createLog } from '@capstan/shared/runtime/log'; createLog('x', 'silent').fatal('no');`;
    expect(await run(script)).to.deep.include({ code: 0, stdout: '' });
  });
});

describe('the clock', () => {
  it('tells wall time in Unix milliseconds, and monotonic time that never goes back', () => {
    expect(Math.abs(systemClock.now() - Date.now())).to.be.lessThan(1_000);
    const first = systemClock.monotonicMs();
    expect(systemClock.monotonicMs()).to.be.at.least(first);
  });
});
