/** Commands that ask a node over HTTPS, at one whose certificate nobody has issued whom Node knows. */
import { execFile } from 'node:child_process';
import { expect } from 'chai';
import { checkClock } from '../../../scripts/doctor/clock.ts';
import { freePort } from '../../../scripts/parts/free-port.ts';
import { ROOT } from '../../../scripts/parts/service.ts';
import { serveWithOwnCertificate, type OwnServer } from '../../support/own-certificate.ts';
import { loadConfig } from '@capstan/shared/config/load';

const NODE = `0x${'5'.repeat(40)}`;
const KEY = `0x${'11'.repeat(32)}`;

describe('a command that asks a node over HTTPS', () => {
  let node: OwnServer;
  before(async () => {
    node = await serveWithOwnCertificate((request, response) => {
      response.end(request.url === '/capstan' ? JSON.stringify({ providerAddress: NODE }) : '{}');
    });
  });
  after(() => node[Symbol.asyncDispose]());

  const sign = (url: string, variables: NodeJS.ProcessEnv = {}) => {
    const { promise, resolve } = Promise.withResolvers<{ failed: boolean; stdout: string; stderr: string }>();
    const given = { ...process.env, WALLET_KEY: KEY, ...variables };
    execFile(
      process.execPath,
      ['scripts/sign.ts', 'typed', 'GET', url],
      { cwd: ROOT, env: given },
      (error, stdout, stderr) => resolve({ failed: error !== null, stdout, stderr }),
    );
    return promise;
  };
  const url = (host = 'localhost') => `https://${host}:${node.port}/capstan/api/services/createAuthToken?expiration=9`;

  it('says that its certificate is not trusted, and how it comes to be', async () => {
    const { failed, stderr } = await sign(url());
    expect(failed).to.equal(true);
    expect(stderr)
      .to.contain(`The certificate of localhost:${node.port} is not trusted here`)
      .and.to.contain('NODE_EXTRA_CA_CERTS=/path/to/ca.pem')
      .and.to.contain('--provider');
  });

  it('signs where it is', async () => {
    const { stdout, stderr } = await sign(url(), { NODE_EXTRA_CA_CERTS: node.certificate });
    expect(stdout, stderr).to.match(/^Capstan-Signature: address=0x/);
  });

  it('says what else stands in the way: another name, no TLS, nothing at all, no node', async () => {
    const nobody = await freePort();
    const trusting = { NODE_EXTRA_CA_CERTS: node.certificate };
    expect((await sign(url('127.0.0.1'), trusting)).stderr).to.contain('is for another name');
    expect((await sign(`https://localhost:${nobody}/api/x`)).stderr).to.contain(
      `Nothing answers at localhost:${nobody}: nothing listens`,
    );
    expect((await sign(`https://localhost:${node.port}/else/api/x`, trusting)).stderr).to.contain('is no node');
  });

  it('is told by the doctor where the node would ask such a one itself', async () => {
    const config = loadConfig({ CAPSTAN_GATEWAY_METADATA_STORE_URL: `https://localhost:${node.port}` }, '/nowhere');
    const findings = await checkClock({ config, isNatsGiven: false, configFile: undefined, variables: {} });
    const [first] = findings;
    expect(first?.level).to.equal('warn');
    expect(JSON.stringify(first)).to.contain('is not trusted here').and.to.contain('NODE_EXTRA_CA_CERTS');
    expect(findings.at(-1)?.about).to.equal('clock');
  });
});
