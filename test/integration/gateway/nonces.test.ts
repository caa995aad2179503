import { expect } from 'chai';
import { getBytes } from 'ethers';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe('a nonce', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  /** Starts a job, each time another one. */
  const use = async (caller: Caller, nonce: unknown, signedNonce = String(nonce)) => {
    const order = scene.order();
    const signature = await caller.sign(caller.address + order.dataset.documentId + signedNonce);
    const rest = JSON.stringify({ ...order, consumerAddress: caller.address, signature });
    const body = `${rest.slice(0, -1)},"nonce":${String(nonce)}}`;
    const headers = { 'content-type': 'application/json' };
    return (await caller.call('POST', COMPUTE, { body, headers })).status;
  };

  it('of an address that was never here is 0, and anything greater, or 0 itself, is fresh', async () => {
    const caller = scene.caller();
    expect(await caller.lastNonce()).to.equal('0');
    expect(await use(caller, '"0"')).to.equal(401);
    expect(await use(caller, '"0"', '0')).to.equal(200);
    expect(await use(caller, '"0"', '0')).to.equal(401);
  });

  it('is compared exactly, digit by digit, and shown with all of them, or so that numbers of JavaScript can count on', async () => {
    const caller = scene.caller();
    const inOrder = [
      '1',
      '1.5',
      '1.50000000000000000001',
      '2',
      '1644315615.24195',
      '9007199254740992',
      '9007199254740993',
    ];
    const huge = `1${'0'.repeat(76)}1`;
    for (const nonce of [...inOrder, huge]) {
      expect(await use(caller, nonce), nonce).to.equal(200);
      const beyond = nonce.startsWith('9') ? '9007199254740994' : nonce;
      expect(await caller.lastNonce()).to.equal(beyond);
      expect(await use(caller, nonce), `${nonce} again`).to.equal(401);
    }
    for (const lower of inOrder) expect(await use(caller, lower), lower).to.equal(401);
    await scene.gateway().kill();
    await scene.restartGateway();
    expect(await use(caller, huge), 'after a restart').to.equal(401);
    expect(await caller.lastNonce()).to.equal(huge);
    expect(await use(caller, huge.replace(/1$/, '2'))).to.equal(200);
  });

  it('that is no decimal number is a 400 that names it', async () => {
    const caller = scene.caller();
    const signature = await caller.sign('x');
    const odd = [
      '-1',
      '1e9',
      '0x10',
      '1.',
      '.5',
      '1,5',
      ' 1',
      '1\n',
      '٣',
      'NaN',
      'soon',
      '9'.repeat(79),
      `1.${'1'.repeat(78)}`,
    ];
    for (const nonce of odd) {
      const body = { consumerAddress: caller.address, signature, nonce };
      const answer = await caller.call('PUT', COMPUTE, { body });
      expect(answer.status, nonce).to.equal(400);
      expect(answer.json()).to.have.nested.property('errors.nonce');
    }
    for (const nonce of ['-1', '1e999', '{}', '[]', 'true']) expect(await use(caller, nonce), nonce).to.equal(400);
  });

  it('takes effect once when 50 requests bring it at once', async () => {
    const caller = scene.caller();
    const signed = await caller.signed(scene.dataset.id);
    const bodies = Array.from({ length: 50 }, (_, i) => ({ ...scene.order(), ...signed, n: i }));
    const answers = await Promise.all(bodies.map((body) => caller.call('POST', COMPUTE, { body })));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).to.have.length(1);
    expect(statuses.filter((status) => status === 401)).to.have.length(49);
    expect((await caller.call('GET', COMPUTE, { query: { consumerAddress: caller.address } })).jobs()).to.have.length(
      1,
    );
  });

  it('is not used up by a request that is refused', async () => {
    const caller = scene.caller();
    const order = scene.order();
    const body = await caller.startBody(order);
    const refused = await caller.call('POST', COMPUTE, { body: { ...body, environment: 'elsewhere' } });
    expect(refused.status).to.equal(400);
    expect((await caller.call('POST', COMPUTE, { body })).status).to.equal(200);
  });

  it('is of its address alone', async () => {
    const [one, other] = [scene.caller(), scene.caller()];
    expect(await use(one, '100')).to.equal(200);
    expect(await use(other, '7')).to.equal(200);
  });
});

describe('a signature', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  it('counts over the hash or over the plain text, with v as 0 or 1 or 27 or 28, in any letter case', async () => {
    const caller = scene.caller();
    const stop = async (sign: (text: string) => Promise<string>, consumerAddress = caller.address) => {
      const nonce = caller.nextNonce();
      const query = { consumerAddress, nonce, signature: await sign(consumerAddress + nonce) };
      return (await caller.call('PUT', COMPUTE, { query })).status;
    };
    const lowV = (signature: string) => signature.slice(0, -2) + (signature.endsWith('1b') ? '00' : '01');
    expect(await stop((text) => caller.sign(text))).to.equal(200);
    expect(await stop((text) => caller.wallet.signMessage(text))).to.equal(200);
    expect(await stop(async (text) => lowV(await caller.sign(text)))).to.equal(200);
    expect(await stop(async (text) => `0x${(await caller.sign(text)).slice(2).toUpperCase()}`)).to.equal(200);
    expect(await stop((text) => caller.sign(text), caller.address.toLowerCase())).to.equal(200);
    // Signed as it is not sent.
    expect(await stop((text) => caller.sign(text.toLowerCase()))).to.equal(401);
  });

  it('does not count in any other form', async () => {
    const caller = scene.caller();
    const nonce = caller.nextNonce();
    const text = caller.address + nonce;
    const whole = await caller.sign(text);
    const r = whole.slice(2, 66);
    const highS = (ORDER - BigInt(`0x${whole.slice(66, 130)}`)).toString(16).padStart(64, '0');
    const flipped = whole.endsWith('1b') ? '1c' : '1b';
    const bad = {
      'its mirror image': `0x${r}${highS}${flipped}`,
      'another v': `0x${whole.slice(2, 130)}${flipped}`,
      'v 29': `0x${whole.slice(2, 130)}1d`,
      zeros: `0x${'0'.repeat(130)}`,
      'over the text without the prefix': caller.wallet.signingKey.sign(getBytes(`0x${'ab'.repeat(32)}`)).serialized,
      'over another nonce': await caller.sign(`${text}1`),
      'of another wallet': await scene.caller().sign(text),
    };
    for (const [what, signature] of Object.entries(bad)) {
      const query = { consumerAddress: caller.address, nonce, signature };
      const answer = await caller.call('PUT', COMPUTE, { query });
      expect(answer.status, what).to.equal(401);
      const { error, message } = answer.json() as { error: string; message: string };
      expect(error, what).to.equal('Invalid signature provided. Please check the nonce or documentId.');
      expect(message, what).to.contain(JSON.stringify(text));
    }
    for (const signature of ['0x', whole.slice(0, -2), `${whole}00`, 'me']) {
      const query = { consumerAddress: caller.address, nonce, signature };
      expect((await caller.call('PUT', COMPUTE, { query })).json()).to.have.nested.property('errors.signature');
    }
  });
});
