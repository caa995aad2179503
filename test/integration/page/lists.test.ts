import { expect } from 'chai';
import type { Page } from 'playwright-core';
import type { StatusObject } from '@capstan/shared/contract/api';
import { startBrowser, type OpenBrowser } from '../../../scripts/parts/browser.ts';
import type { Story } from '../../../scripts/screenshots/played-node.ts';
import { DONE, JOBS, RUNNING, STORY } from '../../../scripts/screenshots/story.ts';
import { openPage, type Visit } from '../../support/page/opened.ts';

describe('the lists of the page at /ui', () => {
  let browser: OpenBrowser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser[Symbol.asyncDispose]());
  const opened = (visit?: Visit) => openPage(browser, visit);
  const jobHash = (job: StatusObject | undefined) => `#/job/${job?.jobId}`;
  const text = (page: Page, selector: string) => page.locator(selector).first().innerText();

  const manyWaiting: Story = {
    ...STORY,
    answer(frame, subscription) {
      if (frame.type !== 'subscribe' || frame.jobs !== undefined) return STORY.answer?.(frame, subscription) ?? [];
      const [template] = JOBS.filter(({ status }) => status === 1);
      const waiting = Array.from({ length: 230 }, (_, i) => ({
        ...(template as StatusObject),
        jobId: i.toString(16).padStart(32, '0'),
        queue: { position: i + 1, reason: 'All 4 places of this environment are taken.' },
      }));
      const jobs = [...JOBS.filter(({ status }) => status !== 1), ...waiting];
      return [{ type: 'snapshot', subscription, cursor: 4_100, jobs, progress: [] }];
    },
  };

  it('shows the first of many that wait, more when asked, and the ended ones below them', async () => {
    await using open = await opened({ story: manyWaiting });
    const { page } = open;
    const rows = page.locator('section[aria-label="Waiting"] li.job');
    await rows.first().waitFor();
    expect(await rows.count()).to.equal(25);
    expect(await text(page, 'section[aria-label="Waiting"] .count')).to.equal('230');
    await page.getByRole('button', { name: 'Show more: Waiting' }).click();
    await rows.nth(49).waitFor();
    expect(await page.locator('section[aria-label="Ended"] li.job').count()).to.equal(4);
  });

  /** A node with 3,000 that wait, of which the socket tells nothing but how many there are. */
  const thousands = (asked: URLSearchParams[]): Story => ({
    ...STORY,
    answer(frame, subscription) {
      if (frame.type !== 'subscribe' || frame.jobs !== undefined) return STORY.answer?.(frame, subscription) ?? [];
      const jobs = frame.environment === undefined ? JOBS.filter(({ status }) => status === RUNNING?.status) : [];
      return [
        { type: 'snapshot', subscription, cursor: 4_100, jobs, progress: [] },
        { type: 'counts', subscription, waiting: 3_000, running: 17, ended: 250 },
      ];
    },
    list(query) {
      asked.push(query);
      const [template] = JOBS.filter(({ status }) => status === 1);
      if (query.get('status') !== 'waiting') return { jobs: [] };
      const from = Number(query.get('cursor') ?? 0);
      const jobs = Array.from({ length: 100 }, (_, i) => ({
        ...(template as StatusObject),
        jobId: (from + i).toString(16).padStart(32, '0'),
        queue: { position: from + i + 1, reason: 'All 4 places of this environment are taken.' },
      }));
      return { jobs, next: from + 100 };
    },
  });

  it('shows true numbers of thousands, and fetches those that wait page by page, in the order of their turn', async () => {
    const asked: URLSearchParams[] = [];
    await using open = await opened({ story: thousands(asked) });
    const { page } = open;
    const waiting = page.locator('section[aria-label="Waiting"]');
    await waiting.locator('li.job').nth(24).waitFor();
    const numbers = () => page.locator('section .count').allInnerTexts();
    expect(await numbers()).to.deep.equal(['17', '3000', '250']);
    expect(await page.title()).to.match(/^17 running/);
    for (let shown = 50; shown <= 125; shown += 25) {
      await page.getByRole('button', { name: 'Show more: Waiting' }).click();
      await waiting
        .locator('li.job')
        .nth(shown - 1)
        .waitFor();
    }
    const pages = asked.filter((query) => query.get('status') === 'waiting');
    expect(pages.map((query) => query.get('cursor')).slice(0, 2)).to.deep.equal([null, '100']);
    for (const query of pages) expect(query.get('order')).to.equal('oldest');
    expect(await waiting.locator('li.job .state').first().innerText()).to.equal('1st in line');
  });

  it('is of one environment where that is chosen', async () => {
    const asked: URLSearchParams[] = [];
    await using open = await opened({ story: thousands(asked) });
    const { page } = open;
    await page.locator('section[aria-label="Waiting"] li.job').first().waitFor();
    const [, id = ''] = await page.getByLabel('Jobs of which environment').locator('option').allInnerTexts();
    await page.getByLabel('Jobs of which environment').selectOption(id);
    await page.locator('section[aria-label="Running"] li.job').first().waitFor({ state: 'detached' });
    await page.locator('section[aria-label="Waiting"] li.job').first().waitFor();
    expect(asked.at(-1)?.get('environment')).to.equal(id);
    expect(open.frames.findLast(({ type }) => type === 'subscribe')).to.include({ environment: id, status: 'running' });
  });

  it('is filtered by status, and by what a job has in it', async () => {
    await using open = await opened({ story: manyWaiting });
    const { page } = open;
    await page.locator('li.job').first().waitFor();
    await page.getByLabel('Jobs of which status').selectOption('ended');
    await page.locator('section[aria-label="Waiting"]').waitFor({ state: 'hidden' });
    expect(await page.locator('li.job:visible').count()).to.equal(4);
    await page.getByLabel(/^Only jobs whose owner/).fill(DONE?.statusText ?? '');
    await page.locator('li.job:visible').nth(3).waitFor({ state: 'detached' });
    const states = await page.locator('li.job:visible .state').allInnerTexts();
    expect(new Set(states)).to.deep.equal(new Set([DONE?.statusText]));
    await page.getByLabel(/^Only jobs whose owner/).fill('nobody has this');
    await page.getByText('No job has ended yet.').waitFor();
  });

  it('says of each job whose it is, also while it waits and when it has failed', async () => {
    await using open = await opened();
    const { page } = open;
    await page.locator('li.job').first().waitFor();
    const owners = await page.locator('li.job .owner').allInnerTexts();
    expect(owners).to.have.length(JOBS.length);
    for (const owner of owners) expect(owner).to.match(/ · 0x[0-9a-fA-F]{6}…[0-9a-fA-F]{4}$/);
  });

  it('asks once before it stops or deletes a job, and does nothing where the answer is no', async () => {
    await using open = await opened({ hash: jobHash(RUNNING) });
    const { page, asked } = open;
    await page.locator('.timeline li').first().waitFor();
    const asks = page.waitForEvent('dialog');
    const clicked = page.getByRole('button', { name: 'Stop job' }).click();
    const dialog = await asks;
    expect(dialog.message()).to.match(/^Stop this job\?/);
    await dialog.dismiss();
    await clicked;
    expect(asked.filter((url) => url.includes('/nonce'))).to.deep.equal([]);
  });

  it('has one heading of the first level, and small frames of its node', async () => {
    await using open = await opened();
    await open.page.locator('li.job').first().waitFor();
    expect(await open.page.locator('h1').count()).to.equal(1);
    expect(open.frames.find(({ type }) => type === 'subscribe')).to.include({ detail: 'row' });
  });

  it('shows how far jobs are where the system takes all colours away', async () => {
    await using open = await opened({ look: { forcedColors: 'active' } });
    const { page } = open;
    await page.locator('li.job .phase[data-state="done"] .fill').first().waitFor({ state: 'attached' });
    // As text: the tests' types know no browser.
    const colours = await page.evaluate(
      `[...document.querySelectorAll('li.job .phase[data-state="done"]')].map((phase) =>
        [phase.querySelector('.fill'), phase.querySelector('.track')].map((each) => getComputedStyle(each).backgroundColor))`,
    );
    for (const [fill, track] of colours as [string, string][]) expect(fill).not.to.equal(track);
    const [done, ahead] = await page.evaluate<[string, string]>(
      `['done', 'ahead'].map((state) => getComputedStyle(document.querySelector('li.job .phase[data-state="' + state + '"] .fill')).backgroundColor)`,
    );
    expect(ahead, 'what is still ahead is no bar').to.match(/, 0\)$/);
    expect(done).not.to.equal(ahead);
  });

  it('says that it asks until it knows that there is no job', async () => {
    const silent: Story = { ...STORY, answer: () => [] };
    await using open = await opened({ story: silent });
    const { page, node, frames } = open;
    await page.getByText('Asking the node …').waitFor();
    const subscription = frames.findLast((frame) => frame.type === 'subscribe')?.subscription ?? '';
    node.send({ type: 'snapshot', subscription, cursor: 4_100, jobs: [], progress: [] });
    await page.getByText('No job yet. Order one').waitFor();
  });

  it('offers nothing to do with a log that only its owner reads', async () => {
    await using open = await opened({ hash: jobHash(JOBS[1]) });
    const { page } = open;
    await page.getByText('Only its owner can read the log.').waitFor();
    for (const name of ['Copy the log', 'Save the log']) {
      expect(await page.locator(`button[aria-label="${name}"]`).isVisible(), name).to.equal(false);
    }
  });
});
