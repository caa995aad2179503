import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { COMPUTE } from '../../support/gateway/caller.ts';
import { bystander, exchange, memoryMB } from '../../support/gateway/raw.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

describe('requests that are too much', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway({
      variables: { CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: '0', CAPSTAN_GATEWAY_LIMITS_PER_CALLER_PER_SECOND: '0' },
    });
  });
  after(() => scene[Symbol.asyncDispose]());

  const post = (body: string | Blob, headers: Record<string, string> = {}) =>
    scene.caller().call('POST', COMPUTE, { body, headers: { 'content-type': 'application/json', ...headers } });

  /** Streams a body of a gigabyte, for as long as the node takes it; resolves to its answer and how much it took. */
  const streamGigabyte = async (headers: Record<string, string>) => {
    const GIGABYTE = 1_000_000_000;
    const chunk = Buffer.alloc(65_536, 'x');
    const sending = request(scene.url + COMPUTE, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json', ...headers },
    });
    let sent = 0;
    const over = new AbortController();
    // A chunk a turn: a client that never looks up from its writing would miss the answer when the connection ends.
    const write = () => {
      if (over.signal.aborted || sent >= GIGABYTE) return;
      sent += chunk.length;
      if (sending.write(chunk)) setImmediate(write);
      else sending.once('drain', () => setImmediate(write));
    };
    // The node closes on a client that goes on sending; what it said before is what counts.
    sending.on('error', () => over.abort());
    write();
    const [response] = (await once(sending, 'response')) as [IncomingMessage];
    over.abort();
    const text = (await response.toArray()).join('');
    sending.destroy();
    return { status: response.statusCode, text, sent };
  };

  for (const headers of [{ 'transfer-encoding': 'chunked' }, { 'content-length': '1000000000' }]) {
    it(`a body of a gigabyte (${Object.keys(headers).join()}) is refused at once, and not kept`, async () => {
      const before = await memoryMB(scene.gateway().pid);
      const watching = bystander(scene.url);
      for (let i = 0; i < 10; i += 1) {
        const { status, text, sent } = await streamGigabyte(headers);
        expect(status).to.equal(413);
        expect(JSON.parse(text)).to.have.property('error').that.contains('1000000 bytes');
        expect(sent).to.be.lessThan(50_000_000);
      }
      expect(await watching.stop()).to.be.greaterThan(0);
      expect((await memoryMB(scene.gateway().pid)) - before).to.be.lessThan(80);
    });
  }

  it('JSON that is nested 100,000 deep is a 400, and holds nobody up', async () => {
    const watching = bystander(scene.url);
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      for (const body of [`{"a":${open.repeat(100_000)}1${close.repeat(100_000)}}`, `{"a":${open.repeat(100_000)}`]) {
        const answer = await post(body);
        expect(answer.status).to.equal(400);
        expect(answer.json()).to.have.property('error').that.contains('nested');
      }
    }
    expect(await watching.stop()).to.be.greaterThan(0);
  });

  it('the largest body that is allowed holds nobody up', async () => {
    const watching = bystander(scene.url);
    const rawcode = 'x'.repeat(900_000);
    const lists = `[${'[],'.repeat(290_000)}1]`;
    for (let i = 0; i < 5; i += 1) {
      expect((await post(JSON.stringify({ algorithm: { meta: { rawcode } } }))).status).to.equal(400);
      expect((await post(`{"algorithm":${lists}}`)).status).to.equal(400);
    }
    expect(await watching.stop()).to.be.greaterThan(0);
  });

  it('names of prototypes are names like any other', async () => {
    const caller = scene.caller();
    const body = await caller.startBody(scene.order());
    const odd = `{"__proto__":{"jobId":"${'0'.repeat(32)}","environment":"other"},"constructor":1,${JSON.stringify(body).slice(1)}`;
    expect((await post(odd)).jobs()[0]).to.include({ environment: 'local', status: 1 });
    const query = `__proto__=1&constructor=2&toString=3&jobId=${'0'.repeat(32)}&hasOwnProperty=4`;
    expect((await caller.call('GET', `${COMPUTE}?${query}`)).json()).to.deep.equal([]);
  });

  it('a header of a megabyte is a 431, and so is a URL of 10,000 parameters', async () => {
    const header = await exchange(
      scene.url,
      `GET / HTTP/1.1\r\nHost: localhost\r\nX-Much: ${'x'.repeat(1_000_000)}\r\n\r\n`,
    );
    const many = Array.from({ length: 10_000 }, (_, i) => `p${i}=${i}`).join('&');
    const url = await exchange(scene.url, `GET ${COMPUTE}?${many} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    for (const answer of [header, url]) {
      expect(answer.status).to.equal(431);
      expect(answer.json()).to.have.property('error');
    }
  });

  it('10,000 parameters in a body are refused in no time', async () => {
    const watching = bystander(scene.url);
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`p${i}`, i]));
    const answer = await post(JSON.stringify(many));
    expect(answer.status).to.equal(400);
    expect(answer.json()).to.have.property('error').that.includes('more than 100 fields');
    expect(await watching.stop()).to.be.greaterThan(0);
  });

  it('broken UTF-8 is a 400, or simply no job', async () => {
    const body = new Blob([Buffer.from('{"jobId":"'), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from('"}')]);
    expect((await post(body)).status).to.equal(400);
    expect((await scene.caller().call('GET', `${COMPUTE}?jobId=%ff%fe%C3%28`)).json()).to.deep.equal([]);
    expect((await scene.caller().call('GET', `${COMPUTE}?jobId=%`)).json()).to.deep.equal([]);
    expect((await scene.caller().call('GET', '/%ff%fe')).status).to.equal(404);
  });

  it('a compressed body is not unpacked', async () => {
    expect((await post(new Blob([Buffer.from([0x1f, 0x8b, 8, 0])]), { 'content-encoding': 'gzip' })).status).to.equal(
      400,
    );
  });
});

describe("what is somebody else's", () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  it('is no different from what there is not, for who asks after results', async () => {
    const owner = scene.caller();
    const { jobId } = await owner.job(scene.order());
    await scene.writeResults(jobId, 1, { 'out.txt': 'hello' });
    await scene.report(jobId, 70);
    expect((await owner.result(jobId, 0)).text).to.equal('hello');
    const stranger = scene.caller();
    const answers = [
      await stranger.result(jobId, 0),
      await stranger.result(jobId, 0, { run: 1 }),
      await stranger.result('0'.repeat(32), 0),
      await stranger.result('../../node.key', 0),
      await stranger.result(jobId.toUpperCase(), 0),
      await owner.result(jobId, 99),
      await owner.result(jobId, 0, { run: 2 }),
    ];
    for (const { status, text } of answers) expect([status, text]).to.deep.equal([404, answers[0]?.text]);
    for (const index of ['-1', '../0', '0x0', '1e0', '%00'])
      expect((await owner.result(jobId, index)).status).to.equal(400);
    // An empty index is none, and the first result is meant: whoever says so signs for it.
    expect((await owner.result(jobId, '')).status).to.equal(401);
  });

  it('is refused without a path of this machine in the answer', async () => {
    const caller = scene.caller();
    const answers = [
      await caller.result('..', '0'),
      await caller.result('0'.repeat(32), '../../../etc/passwd'),
      await caller.stop({ jobId: `../../${scene.dataDir}` }),
      await caller.call('GET', '/docs/../../../../etc/passwd'),
      await caller.call('GET', '/docs/..%2f..%2fpackage.json'),
      await caller.start({ ...scene.order(), dataset: { documentId: '../node', serviceId: 'x', transferTxId: 'y' } }),
    ];
    for (const { status, text } of answers) {
      expect(status).to.be.within(400, 404);
      expect(text).not.to.contain(scene.dataDir);
      expect(text).not.to.match(/ENOENT|node_modules|root:|\.ts:/);
    }
  });
});
