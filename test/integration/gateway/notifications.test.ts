import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { verifyMessage } from 'ethers';
import { createMailbox } from '../../../scripts/parts/mailbox.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const PRIVATE = { CAPSTAN_GATEWAY_NOTIFY_ALLOW_PRIVATE: '["127.0.0.0/8"]' };
const TERMINATION = { exitCode: 0, signal: null, OOMKilled: false, reason: 'The algorithm exited with code 0.' };
const SECRET_PATH = '/hook/with-a-secret';

interface Told {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Somebody who is told; answers with these statuses, one after the other, and 200 from then on. */
async function aReceiver(...statuses: number[]) {
  const told = createMailbox<Told>({ name: 'the receiver', keep: 100, show: ({ body }) => body });
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    told.put({ path: request.url, headers: request.headers, body });
    response.writeHead(statuses.shift() ?? 200, { location: '/elsewhere' }).end();
  };
  const server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}${SECRET_PATH}`,
    items: () => told.items(),
    until: (event: string, nth = 1) =>
      told.first({
        match: () => told.items().filter(({ body }) => body.includes(`"event":"${event}"`))[nth - 1],
        what: `${event}, ${nth} times`,
        limitMs: 60_000,
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const jobOf = (scene: GatewayScene, notifyUrl: string) =>
  scene.caller().job({ ...scene.order(), output: { notifyUrl } });

describe('an owner who wants to be told', () => {
  it('hears of beginning and end, signed by the node', async () => {
    await using scene = await startGateway({ variables: PRIVATE });
    await using receiver = await aReceiver();
    const { jobId } = await jobOf(scene, receiver.url);
    await scene.report(jobId, 10);
    await scene.report(jobId, 40);
    await scene.report(jobId, 70, { details: { termination: TERMINATION, results: [] } });
    const started = await receiver.until('started');
    const ended = await receiver.until('ended');
    expect(started.path).to.equal(SECRET_PATH);
    expect(JSON.parse(started.body)).to.include({
      event: 'started',
      jobId,
      run: 1,
      status: 10,
      statusText: 'Job started',
    });
    expect(JSON.parse(ended.body)).to.deep.include({ status: 70, terminationDetails: TERMINATION });
    expect(receiver.items()).to.have.length(2);

    const node = (await (await fetch(scene.url)).json()) as { readonly providerAddress: string };
    for (const { headers, body } of [started, ended]) {
      const signature = String(headers['x-capstan-signature']);
      const timestamp = String(headers['x-capstan-timestamp']);
      // Signed for this receiver: played to another one, it says whom it was for.
      expect((JSON.parse(body) as { receiver: string }).receiver).to.equal(receiver.url);
      expect(verifyMessage(`${timestamp}.${body}`, signature)).to.equal(node.providerAddress);
      expect(Math.abs(Date.now() / 1_000 - Number(timestamp))).to.be.below(60);
    }
  });

  it('is told again when it fails, in order, also by a node that was killed meanwhile', async () => {
    await using scene = await startGateway({ variables: PRIVATE });
    // A redirect is a failure like any other: nobody is followed.
    await using receiver = await aReceiver(500, 302);
    const { jobId } = await jobOf(scene, receiver.url);
    await scene.report(jobId, 10);
    await scene.report(jobId, 70);
    await receiver.until('started');
    await scene.logged('a notification was not taken, it will be tried again');
    await scene.gateway().kill();
    await scene.restartGateway();
    await receiver.until('ended');
    const events = receiver.items().map(({ body }) => (JSON.parse(body) as { event: string }).event);
    expect(events).to.deep.equal(['started', 'started', 'started', 'ended']);
    expect(receiver.items().every(({ path }) => path === SECRET_PATH)).to.equal(true);
  });

  it('can not make the node knock on doors inside', async () => {
    await using scene = await startGateway({ variables: PRIVATE });
    await using receiver = await aReceiver();
    // As a name does that leads elsewhere by the time when it is used.
    const { jobId } = await jobOf(scene, receiver.url);
    await scene.gateway().stop();
    await scene.restartGateway({ CAPSTAN_GATEWAY_NOTIFY_ALLOW_PRIVATE: '[]' });
    await scene.report(jobId, 10);
    const entry = await scene.logged('a notification was not taken, it will be tried again');
    expect(entry).to.include({ jobId, problem: 'its server has no public address' });
    expect(receiver.items()).to.deep.equal([]);
    expect(JSON.stringify(entry)).not.to.contain('secret');
  });

  it('must say where', async () => {
    await using scene = await startGateway();
    const never = [
      'http://127.0.0.1:1/',
      'https://[::1]/',
      'http://0x7f.1/',
      'http://169.254.169.254/',
      'http://localhost/',
      'https://a.localhost./',
    ];
    for (const notifyUrl of ['ftp://example.org', 'http://', 'nowhere', ...never]) {
      const answer = await scene.caller().start({ ...scene.order(), output: { notifyUrl } });
      expect(answer.status, notifyUrl).to.equal(400);
      expect((answer.json() as { errors: object }).errors).to.have.all.keys('output.notifyUrl');
    }
  });
});
