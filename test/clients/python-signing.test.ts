/** The example of signing in docs/signing.md, run as it stands by a Python that has the two libraries. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { Wallet } from 'ethers';
import type { StatusObject } from '@capstan/shared/contract/api';
import { ROOT } from '../../scripts/parts/service.ts';
import { typedSignature } from '../../scripts/sign/typed.ts';
import { createCaller } from '../support/gateway/caller.ts';
import { serve } from '../support/gateway/http.ts';
import { startGateway } from '../support/gateway/scene.ts';
import { serveWithOwnCertificate } from '../support/own-certificate.ts';
import { VECTOR } from './vector.ts';

const KEY = `0x${'11'.repeat(32)}`;
const [, EXAMPLE = ''] = /```python\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'docs', 'signing.md'), 'utf8')) ?? [];
/** The first on the PATH may be one without Debian's libraries. */
const PYTHONS = ['python3', '/usr/bin/python3'];
const python = PYTHONS.find((each) => spawnSync(each, ['-c', 'import ecdsa']).status === 0);

describe('the example in Python', () => {
  before(function () {
    // Without the library there is nothing to run; CI installs it.
    if (python === undefined) this.skip();
  });

  const run = async (more: string, environment: Readonly<Record<string, string>> = {}) => {
    const program = more === '' ? EXAMPLE : `${EXAMPLE.replace(/\nif __name__[\s\S]*$/, '')}\n${more}`;
    const child = spawn(python ?? '', ['-'], { env: { ...process.env, WALLET_KEY: KEY, ...environment } });
    child.stdin.end(program);
    const [out, problem] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect(child.exitCode, problem).to.equal(0);
    return out.trim();
  };

  it('signs the text of the vector', async () => {
    const message = `${VECTOR.consumerAddress}${VECTOR.documentId}1732450000000`;
    const out = await run(`print(address_of(bytes([0x11] * 32)), sign_text(bytes([0x11] * 32), "${message}"))`);
    expect(out).to.equal(
      `${VECTOR.consumerAddress} 0x03972094b6a4a882adfec2eba32b6b03ff502e609e9ac509e3aa228b2a16168d5b6963a149131399b4363d1adb9f87016e389a697890007cb52fd0287055b4191c`,
    );
  });

  it('signs typed data as the sign command does', async () => {
    const provider = VECTOR.consumerAddress;
    const url = 'https://node.example/api/services/compute?dates=iso&jobId=ä';
    const out = await run(
      `print(typed_signature(bytes([0x11] * 32), "${provider}", "PUT", "${new URL(url).href}", b'{"a":1}', 7, 1732450060))`,
    );
    const signing = { wallet: new Wallet(KEY), provider, nonce: '7', expiresAtS: 1_732_450_060 };
    expect(out).to.equal(typedSignature({ method: 'PUT', url, body: '{"a":1}' }, signing));
  });

  it('runs a job from its order to its log, and says what the node says of a wrong one', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed' } });
    const order = `json.loads(${JSON.stringify(JSON.stringify(scene.order()))})`;
    const key = 'bytes([0x11] * 32)';
    const running = run(
      `job, log = run(${key}, os.environ["NODE"], ${order})\nprint(job["status"], job["statusText"], log.decode())`,
      { NODE: scene.url },
    );
    const { jobId } = (await scene.logged('job accepted')) as unknown as { jobId: string };
    const results = [...(await scene.writeResults(jobId, 1, { 'algorithm.log': 'four' }))];
    const logged = results.map((each) => ({ ...each, type: 'algorithmLog' as const }));
    await scene.report(jobId, 70, { details: { results: logged } });
    expect(await running).to.equal('70 Job completed four');
    const wrong = `try:\n    run(${key}, os.environ["NODE"], {})\nexcept SystemExit as said:\n    print(said)`;
    expect(await run(wrong, { NODE: scene.url })).to.match(/^400 .*The dataset field is required/);
  });

  it('waits for no node whose certificate is not trusted, and signs for one whose is', async () => {
    await using node = await serveWithOwnCertificate((_request, response) => {
      response.end(JSON.stringify({ providerAddress: VECTOR.consumerAddress }));
    });
    const NODE = `https://localhost:${node.port}`;
    const ask =
      'try:\n    print(fetch(bytes([0x11] * 32), os.environ["NODE"], "GET", "/"))\nexcept SystemExit as said:\n    print(said)';
    expect(await run(ask, { NODE })).to.match(/certificate verify failed[^]*SSL_CERT_FILE/);
    expect(await run(ask, { NODE, SSL_CERT_FILE: node.certificate })).to.contain(VECTOR.consumerAddress);
  });

  it('lists the jobs of its key on a node that wants proof', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed' } });
    const owner = createCaller(() => scene.url, new Wallet(KEY));
    const { jobId } = await owner.job(scene.order());
    const jobs = JSON.parse(await run('', { NODE: scene.url })) as readonly StatusObject[];
    expect(jobs.map((job) => job.jobId)).to.deep.equal([jobId]);
  });

  it('asks again while the node is away behind its proxy', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed' } });
    const { jobId } = await createCaller(() => scene.url, new Wallet(KEY)).job(scene.order());
    const answers = [502, 429, 503];
    await using proxy = await serve((router) =>
      router.get(/.*/, (ctx) => {
        const status = answers.shift();
        if (status === undefined) return ctx.redirect(scene.url + ctx.url);
        ctx.set('retry-after', '0');
        ctx.status = status;
      }),
    );
    const jobs = JSON.parse(await run('', { NODE: proxy.url })) as readonly StatusObject[];
    expect(jobs.map((job) => job.jobId)).to.deep.equal([jobId]);
    expect(answers).to.deep.equal([]);
  });
});
