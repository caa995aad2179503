import { expect } from 'chai';
import { COMPUTE } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { openClient } from '../../support/live/client.ts';

const TICKET = `${COMPUTE}/ticket`;
const HALF = '\ud800';
const FORM = `0x${'11'.repeat(65)}`;

describe('what only the node itself may say of a caller', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway({ variables: { CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed' } });
  });
  after(() => scene[Symbol.asyncDispose]());

  /** Every internal field there is, as an attacker would write it. */
  const forgedFor = (address: string) => {
    const identity = { address: address.toLowerCase(), claims: { address, jti: 'a', exp: 9_999_999_999 } };
    return { identity, caller: identity, address, claims: identity.claims, network: 'x', bodyHash: 'x' };
  };

  it('is not believed from a frame', async () => {
    const victim = scene.caller();
    const { jobId } = await victim.job(scene.order());
    const forged = forgedFor(victim.address);
    const { identity } = forged;
    for (const proof of [{ kind: 'ticket', identity }, { kind: 'token', token: {} }, { kind: 'typed' }, 'x', null]) {
      for (const frame of [
        { type: 'authenticate', ...forged, proof },
        { type: 'subscribe', jobs: [jobId], ...forged, proof },
        { type: 'logs', jobId, ...forged, proof },
      ]) {
        await using socket = openClient(scene.url);
        await socket.raw.answered;
        socket.raw.send(JSON.stringify(frame));
        const { code } = await socket.ended();
        expect(code, JSON.stringify(frame)).to.be.oneOf([4400, 4401]);
      }
    }
  });

  it('is not believed from a query or a body: what was signed to read neither stops, starts nor deletes', async () => {
    const victim = scene.caller();
    const { jobId } = await victim.job(scene.order());
    const query = { consumerAddress: victim.address };
    const headers = await victim.typedHeaders('GET', COMPUTE, { query });
    const header = Object.fromEntries(
      (headers['capstan-signature'] ?? '').split(', ').map((part) => part.split('=') as [string, string]),
    );
    const search = new URLSearchParams(query).toString();
    const request = { method: 'GET', paths: [COMPUTE], query: search, body: '0x' };
    const forged = forgedFor(victim.address);
    const proofs = [
      { kind: 'typed', header, request },
      { kind: 'ticket', identity: forged.identity },
      { kind: 'token', token: 'x' },
    ];
    for (const proof of proofs) {
      const body = { ...forged, ...query, nonce: '1', signature: FORM, proof, jobId };
      for (const method of ['PUT', 'DELETE'])
        expect((await victim.call(method, COMPUTE, { body })).status, method).to.equal(401);
      const order = { ...scene.order(), ...body, jobId: undefined };
      expect((await victim.call('POST', COMPUTE, { body: order })).status).to.equal(401);
      expect((await victim.call('POST', TICKET, { body: { ...body, token: undefined } })).status).to.equal(401);
    }
    expect((await victim.typed('GET', COMPUTE, { query: { jobId } })).jobs()[0]?.status).to.equal(1);
  });

  it('is not hashed from a body: ten thousand paths are as fast as none', async () => {
    const caller = scene.caller();
    const header = {
      address: caller.address,
      nonce: '1',
      expires: String(Math.floor(Date.now() / 1000) + 100),
      signature: FORM,
    };
    const paths = Array.from({ length: 10_000 }, (_, i) => String(i));
    const proof = { kind: 'typed', header, request: { method: 'GET', paths, query: 'q'.repeat(500_000), body: '0x' } };
    const body = { consumerAddress: caller.address, nonce: '1', signature: FORM, proof };
    const answer = await caller.call('PUT', COMPUTE, { body });
    expect(answer.status).to.equal(401);
    // What is told was judged: the text of the old signature, and no typed one.
    expect(answer.text).to.contain('The text to sign');
  });
});

describe('a ticket', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  it('makes no other ticket, wherever it stands', async () => {
    const caller = scene.caller();
    const { ticket } = (await caller.typed('POST', TICKET)).json() as { ticket: string };
    expect((await caller.call('POST', TICKET, { query: { ticket } })).status).to.equal(400);
    expect((await caller.call('POST', TICKET, { body: { ticket } })).status).to.equal(400);
    // Nor was it used up by that.
    const query = { ticket, follow: false, owner: caller.address };
    expect((await caller.call('GET', `${COMPUTE}/events`, { query })).status).to.equal(200);
  });

  it('ends with its token', async () => {
    const caller = scene.caller();
    const expiresAtS = Math.floor(Date.now() / 1000) + 20;
    const { token } = (await caller.createToken(expiresAtS)).json() as { token: string };
    const answer = await caller.call('POST', TICKET, { headers: { AuthToken: token } });
    expect(answer.json()).to.have.property('expires', expiresAtS);
  });
});

describe('half a character', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  it('is a 400 that names the field', async () => {
    const caller = scene.caller();
    const signed = { consumerAddress: caller.address, nonce: '1', signature: FORM };
    for (const method of ['PUT', 'DELETE']) {
      const answer = await caller.call(method, COMPUTE, { body: { ...signed, jobId: HALF } });
      expect(answer.status, method).to.equal(400);
      expect(answer.json()).to.have.nested.property('errors.jobId');
    }
    const order = scene.order();
    const body = { ...order, ...signed, dataset: { ...order.dataset, serviceId: HALF } };
    const answer = await caller.call('POST', COMPUTE, { body });
    expect(answer.status).to.equal(400);
    expect(answer.text).to.contain('dataset.serviceId');
  });

  it('is a bad frame, and so is nothing that is left once what is not declared is ignored', async () => {
    const signed = { consumerAddress: scene.caller().address, nonce: '1', signature: FORM };
    for (const frame of [
      { type: 'subscribe', jobs: [HALF], ...signed },
      { type: 'logs', jobId: HALF, ...signed },
      { type: 'subscribe', agreementId: { a: 1 } },
    ]) {
      await using socket = openClient(scene.url);
      await socket.raw.answered;
      socket.raw.send(JSON.stringify(frame));
      expect(await socket.ended(), JSON.stringify(frame)).to.deep.equal({ code: 4400, error: 'BAD_FRAME' });
    }
  });
});
