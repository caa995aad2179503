/** The EventSource of docs/live.md, as it stands there, in a real browser, behind a proxy that answers 502 while the node is away. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { startBrowser } from '../../scripts/parts/browser.ts';
import { pageText } from '../support/fenced.ts';

const LIMIT_MS = 60_000;
/** Longer than the example waits before it tries again. */
const PAUSE_MS = 6_000;

/** What the page asked for, one after another; the first is answered, and cut; the next meets the proxy alone. */
const ANSWERS: readonly ((response: ServerResponse) => void)[] = [
  (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('retry: 1\n\nid: 41\nevent: snapshot\ndata: {"jobs":[{"statusText":"Warming up"}]}\n\n', () => {
      response.end();
    });
  },
  (response) => response.writeHead(502).end(),
  (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('id: 42\nevent: event\ndata: {"job":{"statusText":"Job completed"}}\n\n');
  },
];

describe('the example of following a job in a page', () => {
  it('goes on behind the last event, though the browser gave up at a 502', async () => {
    const [, example = ''] =
      [...pageText('docs/live.md').matchAll(/```js\n([^]*?)```/g)].find(([, each]) =>
        each?.includes('new EventSource'),
      ) ?? [];
    const asked: string[] = [];
    const refused = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      if (request.url === '/')
        return void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>');
      if (request.url?.startsWith('/api/') !== true) return void response.writeHead(404).end();
      const { from } = Object.fromEntries(new URL(request.url, 'http://x').searchParams);
      asked.push(`from=${from} last=${String(request.headers['last-event-id'] ?? '')}`);
      const answer = ANSWERS[asked.length - 1];
      if (asked.length === 2) response.on('finish', () => refused.resolve());
      answer?.(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      await using browser = await startBrowser();
      const { page } = await browser.open();
      page.setDefaultTimeout(LIMIT_MS);
      await page.clock.install();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await page.addScriptTag({
        content: `const node = '', jobId = 'x', shown = [];
          const show = (jobs) => shown.push(...jobs.map(({ statusText }) => statusText));
          const forget = () => shown.push('forgotten');
          ${example.replace('events.onerror = () => {', 'events.onerror = () => { document.title = String(events.readyState);')}`,
      });
      await refused.promise;
      await page.waitForFunction("document.title === '2'");
      await page.clock.runFor(PAUSE_MS);
      await page.waitForFunction('shown.length === 2');
      expect(await page.evaluate('shown')).to.deep.equal(['Warming up', 'Job completed']);
      expect(asked).to.deep.equal(['from=now last=', 'from=now last=41', 'from=41 last=']);
    } finally {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  });
});
