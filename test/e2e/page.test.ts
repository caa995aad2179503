import { readFile } from 'node:fs/promises';
import { Wallet } from 'ethers';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { startBrowser, type OpenBrowser } from '../../scripts/parts/browser.ts';
import { createConsumer, type Consumer } from '../../scripts/parts/consumer.ts';
import { startTestNode, type TestNode } from '../support/node.ts';
import { injectWallet } from '../support/page/wallet.ts';

const LIMIT_MS = 60_000;

/** Says what it is told to say when a file appears that nobody writes: it runs until it is stopped. */
const ENDLESS = `console.log('counting'); console.error('to no end'); setInterval(() => {}, 1000);`;
const GREETING = `console.log('hello from the algorithm');
require('node:fs').writeFileSync('/data/outputs/greeting.txt', 'good day');`;

const CLICKS = 3;
const CLICK_MS = 5_000;

describe('the page of a real node', () => {
  const operator = new Wallet(Wallet.createRandom().privateKey);
  const owner = new Wallet(Wallet.createRandom().privateKey);
  let node: TestNode;
  let browser: OpenBrowser;
  let consumer: Consumer;
  before(async () => {
    node = await startTestNode({
      variables: { CAPSTAN_GATEWAY_OPERATORS: JSON.stringify([operator.address]) },
      limits: { maxJobs: 1 },
    });
    browser = await startBrowser();
    consumer = createConsumer(node.url, owner);
  });
  after(async () => {
    await browser[Symbol.asyncDispose]();
    await node[Symbol.asyncDispose]();
  });

  const open = async (wallet?: Wallet) => {
    const { page, context } = await browser.open({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
    page.setDefaultTimeout(LIMIT_MS);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (!message.text().includes('WebSocket connection')) problems.push(message.text());
    });
    const asked = wallet ? await injectWallet(page, wallet) : [];
    await page.goto(`${node.url}/ui`);
    await page.locator('.link[data-state="open"]').waitFor();
    return { page, asked, problems, [Symbol.asyncDispose]: () => context.close() };
  };
  const signIn = async (page: Page) => {
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign in with your wallet' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.locator('.link[data-state="open"]').waitFor();
  };
  const openJob = async (page: Page, jobId: string) => {
    // A row that moves on between the press and the release of the button takes no click: a person clicks again.
    for (let again = 0; ; again += 1) {
      await page.locator(`a[href="#/job/${jobId}"]`).click();
      const isOpen = await page.waitForURL(`**#/job/${jobId}`, { timeout: CLICK_MS }).then(
        () => true,
        () => false,
      );
      if (isOpen || again === CLICKS) break;
    }
    await page.locator('.job-detail').waitFor();
  };
  const untilState = (page: Page, state: string) =>
    page.locator('.job-detail header .state', { hasText: state }).waitFor();
  const order = async (code: string) => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    return consumer.start(node.rawOrderOf(dataset, code));
  };

  it('lets an owner in by the wallet, shows a job as it goes, its timeline and its results, and hands them out', async () => {
    await using opened = await open(owner);
    const { page, asked, problems } = opened;
    await signIn(page);
    expect(asked).to.deep.equal(['eth_requestAccounts', 'eth_signTypedData_v4']);
    const { jobId } = await order(GREETING);
    await openJob(page, jobId);
    await untilState(page, 'Job completed');
    const timeline = await page.locator('.timeline .what').allInnerTexts();
    expect([timeline[0], timeline.at(-1)]).to.deep.equal(['Warming up', 'Job completed']);
    expect(timeline).to.have.length(7);
    await page.locator('.log div', { hasText: 'hello from the algorithm' }).waitFor();
    await page.locator('.note', { hasText: 'The log is over.' }).waitFor();
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download greeting.txt' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).to.equal('greeting.txt');
    expect(await readFile(await download.path(), 'utf8')).to.equal('good day');
    expect(problems).to.deep.equal([]);
  });

  it('shows who waits behind whom, stops what runs, and keeps up through a kill of the gateway', async () => {
    await using opened = await open(owner);
    const { page } = opened;
    await signIn(page);
    const running = await order(ENDLESS);
    await openJob(page, running.jobId);
    await untilState(page, 'Running algorithm');
    await page.locator('.log div[data-stream="stdout"]', { hasText: 'counting' }).waitFor();
    await page.locator('.log div[data-stream="stderr"]', { hasText: 'to no end' }).waitFor();
    const waiting = await order(GREETING);
    const row = page.locator(`li[data-job="${waiting.jobId}"]`);
    await row.filter({ hasText: '1st in line' }).waitFor();
    expect(await row.innerText()).to.contain('The one place of this environment is taken.');

    await node.gateway().kill();
    await page.locator('.link[data-state="waiting"]').waitFor();
    await node.restart('gateway');
    await page.locator('.link[data-state="open"]').waitFor();

    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Stop job' }).click();
    await untilState(page, 'Job stopped');
    await openJob(page, waiting.jobId);
    await untilState(page, 'Job completed');
    const whats = await page.locator('.timeline .what').allInnerTexts();
    expect(whats.filter((what) => what === 'Running algorithm')).to.have.length(1);
  });

  it('runs a job again, hands out all of its results at once, and deletes it', async () => {
    await using opened = await open(owner);
    const { page, problems } = opened;
    await signIn(page);
    const { jobId } = await order(GREETING);
    await openJob(page, jobId);
    await untilState(page, 'Job completed');
    await page.getByRole('button', { name: 'Run the job again' }).click();
    await page.locator('.timeline .what', { hasText: 'Warming up' }).nth(1).waitFor();
    await page.locator('.timeline .what', { hasText: 'Job completed' }).nth(1).waitFor();
    await page.locator('.results li').nth(1).waitFor();
    const saved: string[] = [];
    const both = page.waitForEvent('download', {
      predicate: (download) => saved.push(download.suggestedFilename()) === 2,
    });
    await page.getByRole('button', { name: 'Download all' }).click();
    await both;
    expect(saved.toSorted()).to.deep.equal(['algorithm.log', 'greeting.txt']);
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Delete the job' }).click();
    await page.locator('.job-detail').waitFor({ state: 'detached' });
    await page.locator(`li[data-job="${jobId}"]`).waitFor({ state: 'detached' });
    expect(problems).to.deep.equal([]);
  });

  it('does not say that there is nothing yet of a log that is over', async () => {
    await using opened = await open(owner);
    const { page } = opened;
    await signIn(page);
    const { jobId } = await order('0;');
    await openJob(page, jobId);
    await untilState(page, 'Job completed');
    await page.locator('.note', { hasText: 'The log is over.' }).waitFor();
    const said = await page.evaluate<string>(`getComputedStyle(document.querySelector('.log'), '::after').content`);
    expect(said).to.equal('"It wrote nothing."');
  });

  it('shows an operator all jobs, and lets them stop one but not read what it wrote', async () => {
    const { jobId } = await order(ENDLESS);
    await using opened = await open(operator);
    const { page } = opened;
    await signIn(page);
    await page.locator('.who .badge', { hasText: 'operator' }).waitFor();
    await openJob(page, jobId);
    await untilState(page, 'Running algorithm');
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Stop job' }).click();
    await untilState(page, 'Job stopped');
    await page.locator('.results li').first().waitFor();
    expect(
      await page
        .getByRole('button', { name: /^Download/ })
        .first()
        .isDisabled(),
    ).to.equal(true);
    const said = await page.locator('.job-detail').innerText();
    expect(said).to.contain('Only its owner can have them.').and.contain('Only its owner can read the log.');
    expect(await page.locator('.log div').count()).to.equal(0);
    expect(await page.locator('.log').isVisible(), 'an empty log would say that nothing was written').to.equal(false);
    expect(await page.getByRole('button', { name: 'Run the job again' }).isVisible()).to.equal(false);
  });

  it('shows a visitor a job that they know the id of, and no way to meddle with it', async () => {
    const { jobId } = await order(GREETING);
    await using opened = await open();
    const { page } = opened;
    await page.getByRole('searchbox').fill(jobId);
    await page.keyboard.press('Enter');
    await untilState(page, 'Job completed');
    expect(await page.getByRole('button', { name: 'Stop job' }).isVisible()).to.equal(false);
    await page.getByRole('searchbox').fill('0'.repeat(32));
    await page.keyboard.press('Enter');
    await page.locator('.job-detail', { hasText: 'There is no such job here' }).waitFor();
  });
});
