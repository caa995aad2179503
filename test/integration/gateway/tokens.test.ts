import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const DELETE_TOKEN = '/api/services/deleteAuthToken';
const CREATE_TOKEN = '/api/services/createAuthToken';
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const soon = () => Math.floor(Date.now() / 1000) + 600;

describe('a token', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  const tokenOf = async (caller: Caller, expiresAtS?: number) =>
    ((await caller.createToken(expiresAtS)).json() as { token: string }).token;
  const revoke = async (caller: Caller, token: string) => {
    return caller.typed('DELETE', DELETE_TOKEN, { query: { token } });
  };
  const claimsOf = (caller: Caller) => ({ consumerAddress: caller.address, nonce: caller.nextNonce() });
  /** Whether the gateway lets a caller stop all of nothing with it. */
  const works = async (caller: Caller, token: string, more: object = {}) => {
    const query = { ...claimsOf(caller), ...more };
    return (await caller.call('PUT', COMPUTE, { query, headers: { AuthToken: token } })).status;
  };

  it('is a JWT with address, expiry and id, that no cache keeps', async () => {
    const caller = scene.caller();
    const exp = soon();
    const answer = await caller.createToken(exp);
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    const [header, claims] = (answer.json() as { token: string }).token
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
    expect(header).to.include({ alg: 'HS256' });
    expect(claims).to.include({ address: caller.address.toLowerCase(), exp });
    expect(claims?.['jti']).to.be.a('string');
  });

  it('stands in for the signature on every route that takes one', async () => {
    const caller = scene.caller();
    const headers = { AuthToken: await tokenOf(caller) };
    const order = scene.order();
    const start = await caller.call('POST', COMPUTE, { body: { ...order, ...claimsOf(caller) }, headers });
    expect(start.status, start.text).to.equal(200);
    const jobId = start.jobs()[0]?.jobId ?? '';
    await scene.writeResults(jobId, 1, { 'out.txt': 'hello' });
    const stop = await caller.call('PUT', COMPUTE, { body: { jobId, signature: '', ...claimsOf(caller) }, headers });
    expect(stop.jobs()[0]).to.include({ status: 7 });
    const again = await caller.call('POST', COMPUTE, { body: { ...order, jobId, ...claimsOf(caller) }, headers });
    expect(again.status, again.text).to.equal(200);
    const query = { jobId, index: 0, run: 1, ...claimsOf(caller) };
    expect((await caller.call('GET', '/api/services/computeResult', { query, headers })).text).to.equal('hello');
    const removed = await caller.call('DELETE', COMPUTE, { query: { jobId, ...claimsOf(caller) }, headers });
    expect(removed.jobs()[0]).to.include({ status: 8 });
  });

  it('does not stand in for the signature that makes or takes back tokens', async () => {
    const caller = scene.caller();
    const token = await tokenOf(caller);
    const query = { address: caller.address, nonce: caller.nextNonce(), expiration: soon(), token };
    for (const [method, path] of [
      ['GET', CREATE_TOKEN],
      ['DELETE', DELETE_TOKEN],
    ] as const) {
      const answer = await caller.call(method, path, { query, headers: { AuthToken: token } });
      expect(answer.status).to.equal(400);
      expect(answer.json()).to.have.nested.property('errors.signature');
    }
  });

  it('does not make a nonce count twice', async () => {
    const caller = scene.caller();
    const headers = { AuthToken: await tokenOf(caller) };
    const query = claimsOf(caller);
    expect((await caller.call('PUT', COMPUTE, { query, headers })).status).to.equal(200);
    expect((await caller.call('PUT', COMPUTE, { query, headers })).status).to.equal(401);
    const { nonce: _, ...nonceless } = query;
    expect((await caller.call('PUT', COMPUTE, { query: nonceless, headers })).status).to.equal(400);
  });

  it('counts for nothing beside a signature: that one decides', async () => {
    const caller = scene.caller();
    const stranger = scene.caller();
    const token = await tokenOf(caller);
    expect(await works(caller, token, { signature: await stranger.sign('something else') })).to.equal(401);
    const { nonce, signature } = await stranger.signed();
    expect(await works(stranger, token, { nonce, signature })).to.equal(200);
  });

  it('is of its address alone', async () => {
    const token = await tokenOf(scene.caller());
    expect(await works(scene.caller(), token)).to.equal(401);
  });

  it('that was taken back counts no more, until the same claims bring it back', async () => {
    const caller = scene.caller();
    const expiry = soon();
    const token = await tokenOf(caller, expiry);
    const other = await tokenOf(caller, expiry + 1);
    const answer = await revoke(caller, token);
    expect(answer.json()).to.deep.equal({ success: 'Token has been deactivated.' });
    expect(await works(caller, token)).to.equal(401);
    expect(await works(caller, other)).to.equal(200);
    await scene.gateway().kill();
    await scene.restartGateway();
    expect(await works(caller, token), 'after a restart').to.equal(401);
    expect(await works(caller, other), 'the other one after a restart').to.equal(200);
    expect(await tokenOf(caller, expiry)).to.equal(token);
    expect(await works(caller, token)).to.equal(200);
  });

  it('is taken back by its owner only', async () => {
    const [caller, stranger] = [scene.caller(), scene.caller()];
    const token = await tokenOf(caller);
    expect((await revoke(stranger, token)).status).to.equal(400);
    expect((await revoke(caller, 'no.such.token')).status).to.equal(400);
    expect(await works(caller, token)).to.equal(200);
  });

  it('lasts thirty days at most, whatever is asked, and one that was made to last longer counts no more', async () => {
    const caller = scene.caller();
    const latest = Math.floor(Date.now() / 1000) + 30 * 86_400;
    const token = await tokenOf(caller, 999_999_999_999);
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp: number };
    expect(exp).to.be.within(latest, latest + 60);
    const key = Buffer.from((await readFile(join(scene.dataDir, 'token.key'), 'utf8')).trim(), 'hex');
    const claims = { address: caller.address.toLowerCase(), exp: 999_999_999_999, jti: 'a' };
    const content = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64(claims)}`;
    const forever = `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
    expect(await works(caller, token)).to.equal(200);
    expect(await works(caller, forever)).to.equal(401);
  });

  it('is not to be had for the old text, which is also the one of a status', async () => {
    const caller = scene.caller();
    const { nonce, signature } = await caller.signed();
    const query = { address: caller.address, nonce, signature, expiration: soon() };
    const answer = await caller.call('GET', CREATE_TOKEN, { query });
    expect(answer.status).to.equal(401);
    expect(answer.json()).to.have.property('message').that.contains('Capstan-Signature').and.contains('legacyTokens');
  });

  it('must expire in time to come', async () => {
    const answer = await scene.caller().createToken(Math.floor(Date.now() / 1000) - 1);
    expect(answer.status).to.equal(400);
    expect(answer.json()).to.have.nested.property('errors.expiration');
  });

  it('is made once a nonce', async () => {
    const caller = scene.caller();
    const query = { expiration: soon() };
    const headers = await caller.typedHeaders('GET', CREATE_TOKEN, { query });
    expect((await caller.call('GET', CREATE_TOKEN, { query, headers })).status).to.equal(200);
    expect((await caller.call('GET', CREATE_TOKEN, { query, headers })).status).to.equal(401);
  });

  it('that this node did not make is refused, whatever it says of itself', async () => {
    const caller = scene.caller();
    const claims = { address: caller.address.toLowerCase(), exp: soon(), jti: 'a' };
    const signedBy = (key: Buffer, header: object, payload: object = claims) => {
      const content = `${base64(header)}.${base64(payload)}`;
      return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
    };
    const hs256 = { alg: 'HS256', typ: 'JWT' };
    const key = Buffer.from((await readFile(join(scene.dataDir, 'token.key'), 'utf8')).trim(), 'hex');
    expect(await works(caller, signedBy(key, hs256)), 'one like its own').to.equal(200);
    const whole = await tokenOf(caller);
    const [, payload = '', mac = ''] = whole.split('.');
    const forged = {
      'another key': signedBy(Buffer.alloc(32, 1), hs256),
      'no key': signedBy(Buffer.alloc(0), hs256),
      expired: signedBy(key, hs256, { ...claims, exp: 1_000 }),
      'no expiry': signedBy(key, hs256, { address: claims.address, jti: 'a' }),
      'no id': signedBy(key, hs256, { address: claims.address, exp: claims.exp }),
      'alg none': `${base64({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      'alg none with the mac': `${base64({ alg: 'none', typ: 'JWT' })}.${payload}.${mac}`,
      'another alg': signedBy(key, { alg: 'HS512', typ: 'JWT' }),
      'other claims under its mac': `${base64(hs256)}.${base64({ ...claims, exp: 4_000_000_000 })}.${mac}`,
      'no mac': whole.slice(0, whole.lastIndexOf('.')),
      'a bent mac': whole.slice(0, -2) + (whole.endsWith('AA') ? 'BB' : 'AA'),
      'no token': 'hello',
      much: 'x'.repeat(8_000),
    };
    for (const [what, token] of Object.entries(forged)) expect(await works(caller, token), what).to.equal(401);
  });
});
