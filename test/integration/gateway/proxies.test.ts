import { once } from 'node:events';
import { get } from 'node:https';
import { Agent } from 'node:https';
import { connect } from '@capstan/shared/client/connect';
import { EventSocket } from '@capstan/shared/client/event-socket';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import { expect } from 'chai';
import { freePort } from '../../../scripts/parts/free-port.ts';
import { startBrowser, type OpenBrowser } from '../../../scripts/parts/browser.ts';
import { createCaller } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { PROXIES, startProxy, type Proxy } from '../../support/proxies.ts';

/** As somebody does who forgot the two lines. */
const withoutUpgrades = (text: string) => text.replaceAll(/^.*(?:\$http_upgrade;|\$connection_upgrade;)$/gm, '');

for (const name of PROXIES) {
  describe(`behind ${name}, as docs/proxies.md shows it`, function () {
    let scene: GatewayScene;
    let proxy: Proxy;
    let browser: OpenBrowser;
    let root: string;
    before(async () => {
      const port = await freePort();
      proxy = await startProxy({ name, node: `127.0.0.1:${port}` });
      root = `${proxy.origin}/capstan`;
      scene = await startGateway({
        variables: {
          CAPSTAN_GATEWAY_PORT: String(port),
          CAPSTAN_GATEWAY_PUBLIC_URL: root,
          CAPSTAN_GATEWAY_TRUSTED_PROXIES: '["127.0.0.1"]',
          CAPSTAN_GATEWAY_LIVE_MAX_FOLLOWERS_PER_NETWORK: '3',
        },
      });
      browser = await startBrowser();
    });
    after(async () => {
      await browser[Symbol.asyncDispose]();
      await scene[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    });

    it('a node below a path takes orders, and hands out results by addresses that hold', async () => {
      const owner = createCaller(() => root);
      const { jobId } = await owner.job(scene.order());
      const results = await scene.writeResults(jobId, 1, { 'a.txt': 'what it left' });
      await scene.report(jobId, 70, { details: { results: [...results] } });
      const [url = ''] = (await owner.status(jobId)).resultsUrls;
      expect(url.startsWith(`${root}/api/`)).to.equal(true);
      const signed = new URLSearchParams(await owner.signed(jobId, '0')).toString();
      expect(await (await fetch(`${url}&${signed}`)).text()).to.equal('what it left');
    });

    it('leads from the path without its slash to the one with it', async () => {
      const answer = await fetch(root, { redirect: 'manual' });
      expect([301, 302, 308]).to.include(answer.status);
      expect(new URL(answer.headers.get('Location') ?? '', root).pathname).to.equal('/capstan/');
    });

    it('tells how jobs move over sockets and event streams, at once', async () => {
      const owner = createCaller(() => root);
      const { jobId } = await owner.job(scene.order());
      for (const WebSocket of [globalThis.WebSocket, EventSocket]) {
        await using node = connect(root, { WebSocket });
        const stream = node.subscribe({ jobs: [jobId] });
        expect((await stream.next()).value).to.have.property('type', 'snapshot');
        expect((await stream.next()).value).to.have.property('type', 'caughtUp');
        const attempt = WebSocket === EventSocket ? 2 : 1;
        await scene.report(jobId, 10, { attempt });
        expect((await stream.next()).value).to.include({ type: 'event', status: 10, attempt });
      }
    });

    it('knows its clients apart', async () => {
      const agent = new Agent();
      const { jobId } = await createCaller(() => root).job(scene.order());
      const streams: { destroy(): void }[] = [];
      const follow = async (localAddress: string) => {
        const request = get(`${root}${EVENTS_PATH}?jobId=${jobId}`, { agent, localAddress, family: 4 });
        request.on('error', () => undefined);
        streams.push(request);
        const [response] = (await once(request, 'response')) as [{ readonly statusCode: number }];
        return response.statusCode;
      };
      for (let i = 0; i < 3; i += 1) expect(await follow('127.0.0.9')).to.equal(200);
      expect(await follow('127.0.0.9')).to.equal(429);
      expect(await follow('127.0.0.10')).to.equal(200);
      for (const stream of streams) stream.destroy();
      agent.destroy();
    });

    it('has its page and its docs, live and without a fault', async () => {
      const { page, context } = await browser.open({ ignoreHTTPSErrors: true });
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => problems.push(message.text()));
      const { jobId } = await createCaller(() => root).job(scene.order());
      for (const path of ['/ui', '/ui/']) {
        await page.goto(`${root}${path}#/job/${jobId}`);
        await page.locator('.timeline li').first().waitFor();
        expect(await page.locator('#link-text').innerText()).to.equal('Live');
      }
      await page.goto(`${root}/docs/`);
      await page.getByText('computeEnvironments').first().waitFor();
      expect(problems).to.deep.equal([]);
      await context.close();
    });
  });
}

describe('behind a proxy that lets no WebSocket through', function () {
  it('the page follows event streams, with the log of a job, and says why', async () => {
    const port = await freePort();
    await using proxy = await startProxy({ name: 'nginx', node: `127.0.0.1:${port}`, bend: withoutUpgrades });
    const root = `${proxy.origin}/capstan`;
    await using scene = await startGateway({
      variables: { CAPSTAN_GATEWAY_PORT: String(port), CAPSTAN_GATEWAY_PUBLIC_URL: root },
    });
    const owner = createCaller(() => root);
    const { token } = (await owner.createToken()).json() as { readonly token: string };
    const { jobId } = await owner.job(scene.order());
    await using browser = await startBrowser();
    const { page, context } = await browser.open({ ignoreHTTPSErrors: true });
    await page.addInitScript((text) => sessionStorage.setItem('capstan.session', text), token);
    await page.goto(`${root}/ui#/job/${jobId}`);
    await page.locator('#link-note:not([hidden])').waitFor();
    expect(await page.locator('#link-note').innerText()).to.match(/lets no WebSocket through/);
    await page.locator('.timeline li').first().waitFor();
    await scene.report(jobId, 10);
    await page.locator('.timeline li').nth(1).waitFor();
    expect(await page.locator('#link-text').innerText()).to.equal('Live');
    await scene.report(jobId, 70, { details: { results: [] } });
    await page.locator('.job-detail[data-standing=completed]').waitFor();
    await context.close();
  });
});
