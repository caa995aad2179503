/** The EventSource of docs/live.md, as it stands there, in a real browser, on a real node behind a proxy that the test breaks. */
import { once } from 'node:events';
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Wallet } from 'ethers';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { startBrowser, type OpenBrowser } from '../../scripts/parts/browser.ts';
import { createConsumer, type Consumer } from '../../scripts/parts/consumer.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import { pageText } from '../support/fenced.ts';
import { createCaller } from '../support/gateway/caller.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

const LIMIT_MS = 60_000;
const EVENTS = '/api/services/compute/events';
const TICKET = '/api/services/compute/ticket';

/** What a page shows as one file of this kind that has this text. */
function shown(language: string, having: string): string {
  const found = [...pageText('docs/live.md').matchAll(/^```(\w+)\n([^]*?)^```$/gm)].find(
    ([, kind, text = '']) => kind === language && text.includes(having),
  );
  return found?.[2] ?? expect.fail(`docs/live.md shows no ${language} with ${having}`);
}

interface Front extends AsyncDisposable {
  readonly origin: string;
  /** The paths and queries that were asked for, one after another. */
  readonly asked: readonly string[];
  /** Answers the next request to this path in place of the node. */
  refuse(path: string, answer: (response: ServerResponse) => void): void;
  /** Ends all event streams. */
  cut(): void;
  /** Settles when this path has been asked for so often. */
  askedFor(path: string, times: number): Promise<void>;
}

/** Serves the example's two files, and the node at /capstan. */
async function startFront(node: () => string, page: string, port: number): Promise<Front> {
  const files = new Map([
    ['/job.html', { type: 'text/html', text: page }],
    ['/follow-job.js', { type: 'text/javascript', text: shown('js', 'export async function followJob') }],
  ]);
  const asked: string[] = [];
  const streams = new Set<ServerResponse>();
  const refusals: { readonly path: string; readonly answer: (response: ServerResponse) => void }[] = [];
  const waiting = new Set<() => void>();
  const pass = (request: IncomingMessage, response: ServerResponse, path: string) => {
    const to = new URL(path, node());
    const passed = ask(to, { method: request.method, headers: { ...request.headers, host: to.host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => response.destroy()).pipe(response);
    });
    passed.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  };
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    const file = files.get(url);
    if (file) return void response.writeHead(200, { 'Content-Type': file.type }).end(file.text);
    if (!url.startsWith('/capstan/')) return void response.writeHead(404).end();
    const path = url.slice('/capstan'.length);
    if (request.method !== 'OPTIONS') asked.push(path);
    for (const each of waiting) each();
    const at = refusals.findIndex((each) => path.startsWith(each.path) && request.method !== 'OPTIONS');
    if (at !== -1) return refusals.splice(at, 1)[0]?.answer(response);
    if (path.startsWith(EVENTS)) streams.add(response.once('close', () => streams.delete(response)));
    pass(request, response, path);
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const count = (path: string) => asked.filter((each) => each.startsWith(path)).length;
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    refuse: (path, answer) => void refusals.push({ path, answer }),
    cut() {
      for (const each of streams) each.destroy();
    },
    async askedFor(path, times) {
      while (count(path) < times) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('the example of following a job in a page', function () {
  this.timeout(2 * LIMIT_MS);
  const releases = new AsyncDisposableStack();
  const wallet = new Wallet(Wallet.createRandom().privateKey);
  let node: TestNode;
  let browser: OpenBrowser;
  let consumer: Consumer;
  let token: string;
  /** Where the page and the node have one origin; and a portal's, which serves the page alone. */
  let own: Front;
  let portal: Front;

  before(async () => {
    const port = await freePort();
    node = releases.use(
      await startTestNode({
        variables: {
          CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed',
          CAPSTAN_GATEWAY_CORS_ORIGINS: JSON.stringify([`http://127.0.0.1:${port}`]),
        },
      }),
    );
    const html = shown('html', 'followJob');
    own = releases.use(await startFront(() => node.url, html, 0));
    const elsewhere = html.replace("node: '/capstan'", `node: '${own.origin}/capstan'`);
    expect(elsewhere).not.to.equal(html);
    portal = releases.use(await startFront(() => node.url, elsewhere, port));
    browser = releases.use(await startBrowser());
    consumer = createConsumer(node.url, wallet);
    token = ((await createCaller(() => node.url, wallet).createToken()).json() as { token: string }).token;
  });
  after(() => releases.disposeAsync());

  const start = async (code: string) => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    return (await consumer.start(node.rawOrderOf(dataset, code))).jobId;
  };
  const open = async (front: Front, hash: string) => {
    const { page } = await browser.open();
    page.setDefaultTimeout(LIMIT_MS);
    // The clock of the page goes on by itself, and is put forward where it would wait.
    await page.clock.install();
    await page.goto(`${front.origin}/job.html#${hash}`);
    return page;
  };
  const said = (page: Page, text: string) => page.locator('#statuses', { hasText: text }).waitFor();
  const lines = async (page: Page) => (await page.locator('#statuses').innerText()).split('\n');

  for (const where of ['on the origin of the node', 'on another origin'] as const) {
    it(`follows a job to its end with a new ticket for each connection, ${where}`, async () => {
      const jobId = await start(`setTimeout(() => console.log('done'), 6000)`);
      const before = own.asked.length;
      const page = await open(where === 'on another origin' ? portal : own, `job=${jobId}&token=${token}`);
      await said(page, 'Running algorithm');
      own.cut();
      await own.askedFor(TICKET, own.asked.slice(0, before).filter((each) => each.startsWith(TICKET)).length + 2);
      await said(page, 'exited with code 0');
      const text = await lines(page);
      expect(text.at(-2)).to.equal('Job completed');
      expect(text.at(-1)).to.equal('The algorithm exited with code 0.');
      const streams = own.asked.slice(before).filter((each) => each.startsWith(EVENTS));
      const queries = streams.map((each) => new URL(each, own.origin).searchParams);
      expect(queries[0]?.get('from')).to.equal('now');
      expect(queries[1]?.get('from')).to.match(/^\d+$/);
      expect(new Set(queries.map((each) => each.get('ticket'))).size).to.equal(queries.length);
      await page.close();
    });
  }

  it('waits as long as it is told to, and longer each time, where there is no room or no node', async () => {
    const jobId = await start(`console.log('done')`);
    const before = own.asked.length;
    const first = own.asked.filter((each) => each.startsWith(TICKET)).length;
    const json = { 'Content-Type': 'application/json' };
    own.refuse(TICKET, (response) => response.writeHead(429, { ...json, 'Retry-After': '120' }).end('{"error":"x"}'));
    own.refuse(TICKET, (response) => response.writeHead(503, { ...json, 'Retry-After': '5' }).end('{"error":"x"}'));
    own.refuse(TICKET, (response) => response.writeHead(502).end());
    own.refuse(EVENTS, (response) => response.writeHead(503, json).end('{"error":"x"}'));
    const page = await open(own, `job=${jobId}&token=${token}`);
    await own.askedFor(TICKET, first + 1);
    await page.clock.runFor(110_000);
    const tickets = () => own.asked.filter((each) => each.startsWith(TICKET)).length - first;
    expect(tickets(), 'before its time').to.equal(1);
    while (tickets() < 5) await page.clock.runFor(1_000);
    await said(page, 'exited with code 0');
    expect(own.asked.slice(before).filter((each) => each.startsWith(EVENTS))).to.have.length(2);
    await page.close();
  });

  it('ends with a job that fails, and says why', async () => {
    const page = await open(own, `job=${await start('process.exit(3)')}&token=${token}`);
    await said(page, 'exited with code 3');
    expect((await lines(page)).at(-2)).to.equal('Algorithm failed');
    await page.close();
  });

  it('gives up where the token counts no more, or there is no such job, with the words of the node', async () => {
    const page = await open(own, `job=${'0'.repeat(32)}&token=${token}`);
    await said(page, 'Not to be followed: ');
    expect((await lines(page)).at(-1)).to.match(/no such job/);
    await page.close();
    const stranger = await open(own, `job=${'0'.repeat(32)}&token=nonsense`);
    await said(stranger, 'Not to be followed: 401');
    await stranger.close();
  });
});
