import { expect } from 'chai';
import type { Page } from 'playwright-core';
import type { ServerFrame } from '@capstan/shared/contract/socket';
import type { StatusObject } from '@capstan/shared/contract/api';
import { startBrowser, type OpenBrowser } from '../../../scripts/parts/browser.ts';
import { PLAYED_URL, type Story } from '../../../scripts/screenshots/played-node.ts';
import { DONE, JOBS, RUNNING, STORY, TOKEN } from '../../../scripts/screenshots/story.ts';
import { unreadableTexts } from '../../support/page/contrast.ts';
import { openPage, type Visit } from '../../support/page/opened.ts';

describe('the page at /ui', () => {
  let browser: OpenBrowser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser[Symbol.asyncDispose]());

  const opened = (visit?: Visit) => openPage(browser, visit);
  const jobHash = (job: StatusObject | undefined) => `#/job/${job?.jobId}`;
  const text = (page: Page, selector: string) => page.locator(selector).first().innerText();

  it('lists what runs, what waits in the order of its turn with the reason, and what has ended', async () => {
    await using open = await opened();
    const { page } = open;
    await page.locator('li.job').first().waitFor();
    const sections = await page.locator('.board section').allInnerTexts();
    expect(sections.map((section) => section.split('\n')[0])).to.deep.equal(['RUNNING 4', 'WAITING 2', 'ENDED 4']);
    expect(sections[0]).to.contain('Pull image: 1.3 GB of 2.1 GB');
    expect(sections[1]).to.match(/1st in line[^]*All 4 places of this environment are taken\.[^]*2nd in line/);
    expect(sections[2]).to.contain('The algorithm needed more memory');
    expect(await page.title()).to.equal('4 running · Capstan');
    expect(await text(page, '.environment .load')).to.equal('4 of 4 places taken, 2 jobs waiting');
    expect(open.problems).to.deep.equal([]);
  });

  it('lists the earlier runs of a job, and shows how each ended and what it left when it is opened', async () => {
    const job = { ...(DONE as StatusObject), run: 3 };
    const first = { ...job, run: 1, status: 41, statusText: 'Algorithm failed', results: job.results.slice(0, 2) };
    const story: Story = {
      ...STORY,
      answer: (frame, name) =>
        (STORY.answer?.(frame, name) ?? []).map((each, at) =>
          each.type === 'event' ? { ...each, job, run: at < 3 ? 1 : 3 } : each,
        ),
      run: (jobId, run) => (jobId === job.jobId && run === 1 ? first : undefined),
    };
    await using open = await opened({ story, hash: jobHash(DONE) });
    const { page } = open;
    const runs = page.locator('.runs summary');
    await runs.nth(1).waitFor();
    // From the first event of the third run on, not from when the job was accepted.
    expect(await text(page, '.job-detail .time')).to.equal('took 5 min 13 s');
    expect((await runs.allInnerTexts()).map((each) => each.trim())).to.deep.equal(['Run 2', 'Run 1']);
    await runs.nth(1).click();
    await page.getByRole('button', { name: 'Download' }).nth(6).waitFor();
    expect(await runs.nth(1).innerText()).to.match(/^Run 1 Algorithm failed, 2026-03-17/);
    expect(await page.locator('.runs .results .name').allInnerTexts()).to.deep.equal(['model.onnx', 'metrics.json']);
    await runs.nth(0).click();
    await page.getByText('The node no longer keeps what this run left.').waitFor();
    expect(open.problems).to.deep.equal([]);
  });

  it('asks nobody but its own node, and its policy lets it ask nobody else', async () => {
    await using open = await opened({ hash: jobHash(RUNNING) });
    await open.page.locator('.timeline li').first().waitFor();
    expect(open.asked.filter((url) => !url.startsWith(`${PLAYED_URL}/`))).to.deep.equal([]);
  });

  it('moves a job through its phases as the node tells of it', async () => {
    await using open = await opened({ hash: jobHash(RUNNING) });
    const { page, node, frames } = open;
    await page.locator('.timeline li').nth(4).waitFor();
    const subscription = frames.findLast((frame) => frame.type === 'subscribe')?.subscription ?? '';
    const job = { ...(RUNNING as StatusObject), status: 60, statusText: 'Publishing results' };
    node.send(eventOf(job, subscription, 5_000));
    await page.locator('.timeline li').nth(5).waitFor();
    expect(await text(page, '.job-detail .state')).to.equal('Publishing results');
    expect(await page.locator('.phases.large').getAttribute('aria-label')).to.equal(
      'Pull image: done, Provide data: done, Run: done, Publish: now',
    );
    expect(await page.locator('#announcer').textContent()).to.equal('The job is now: Publishing results');
  });

  it('shows the log as it grows, its two streams told apart, and goes on where it was when the node comes back', async () => {
    await using open = await opened({ hash: jobHash(RUNNING) });
    const { page, node, frames } = open;
    await page.locator('.log div').nth(5).waitFor();
    expect(await page.locator('.log div[data-stream="stderr"]').allInnerTexts()).to.deep.equal([
      'warning: 3 rows without a date were left out',
    ]);
    const { jobId } = RUNNING as StatusObject;
    const subscription = frames.findLast((frame) => frame.type === 'logs')?.subscription ?? '';
    const piece = { type: 'log', subscription, jobId, attempt: 1, stream: 'stdout', offset: 254, next: 300 } as const;
    node.send({ ...piece, text: 'half of ' }, { ...piece, next: 310, text: 'a line\n' });
    const line = page.locator('.log div').nth(6);
    await line.filter({ hasText: 'line' }).waitFor();
    expect(await line.innerText()).to.equal('half of a line');
    node.drop();
    const again = () => frames.filter((frame) => frame.type === 'logs').slice(1);
    await page.locator('.link[data-state="waiting"]').waitFor();
    await page.locator('.link[data-state="open"]').waitFor();
    expect(again().map(({ from, attempt }) => ({ from, attempt }))).to.deep.equal([{ from: 310, attempt: 1 }]);
  });

  it('shows what a hostile job says as text, and runs none of it', async () => {
    const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    const hostile: StatusObject = {
      ...(DONE as StatusObject),
      status: 41,
      statusText: evil,
      environment: evil,
      algoDID: evil,
      inputDID: [evil],
      terminationDetails: { exitCode: 1, signal: null, OOMKilled: false, reason: evil },
      results: [{ filename: `../${evil}`, filesize: 1, type: 'output', index: 0 }],
    };
    const story: Story = {
      ...STORY,
      answer: (frame, subscription): readonly ServerFrame[] => {
        if (frame.type !== 'subscribe') return [];
        if (frame.jobs === undefined)
          return [{ type: 'snapshot', subscription, cursor: 1, jobs: [hostile], progress: [] }];
        return [eventOf(hostile, subscription, 1), { type: 'caughtUp', subscription, cursor: 1 }];
      },
    };
    await using open = await opened({ story, hash: jobHash(hostile) });
    const { page } = open;
    await page.locator('.results li').first().waitFor();
    expect(await text(page, '.reason')).to.contain(evil);
    expect(await page.locator('.detail img, .board img, .page script').count()).to.equal(0);
    expect(await page.title()).to.equal('Capstan');
    expect(open.problems).to.deep.equal([]);
  });

  it('says that the node is away, and goes on behind the last event when it is back', async () => {
    await using open = await opened();
    const { page, node, frames } = open;
    await page.locator('li.job').first().waitFor();
    await page.evaluate(`
      globalThis.heard = new Promise((resolve) => {
        const said = [];
        new MutationObserver(() => {
          const text = document.querySelector('#announcer').textContent;
          if (text !== '') said.push(text);
          if (text === 'Connected again.') resolve(said);
        }).observe(document.querySelector('#announcer'), { childList: true });
      });
      undefined;`);
    node.drop();
    expect(await page.evaluate('globalThis.heard')).to.deep.equal([
      'The connection to the node is lost. Reconnecting.',
      'Connected again.',
    ]);
    expect(await text(page, '.link')).to.equal('Live');
    const subscriptions = frames.filter((frame) => frame.type === 'subscribe');
    expect(subscriptions.map(({ from, all }) => ({ from, all }))).to.deep.equal([
      { from: undefined, all: true },
      { from: 4_100, all: true },
    ]);
  });

  it('can be used with the keyboard alone', async () => {
    await using open = await opened();
    const { page } = open;
    await page.locator('li.job').first().waitFor();
    const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');
    await page.keyboard.press('Tab');
    expect(await focused()).to.equal('To the jobs');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused()).to.match(/^Pull image/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    expect(await focused()).to.match(/^Provide data/);
    await page.keyboard.press('Enter');
    await page.locator('.job-detail').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.job-detail').waitFor({ state: 'detached' });
    expect(await focused(), 'back where one was').to.match(/^Provide data/);
  });

  it('has a name for everything that one can press or fill in', async () => {
    await using open = await opened({ hash: jobHash(DONE) });
    const { page } = open;
    await page.locator('.results li').first().waitFor();
    const nameless = await page.evaluate<readonly string[]>(`
      [...document.querySelectorAll('a, button, input, [role="img"], [role="log"], img')].filter((element) => {
        const label = element.labels?.[0]?.textContent ?? document.getElementById(element.getAttribute('aria-labelledby'))?.textContent;
        const name = element.getAttribute('aria-label') ?? label ?? element.getAttribute('alt') ?? element.textContent;
        return element.tagName === 'IMG' ? !element.hasAttribute('alt') : name.trim() === '';
      }).map((element) => element.outerHTML)`);
    expect(nameless).to.deep.equal([]);
    for (const [role, count] of [
      ['banner', 1],
      ['main', 1],
      ['search', 1],
      ['status', 1],
    ] as const)
      expect(await page.getByRole(role).count(), role).to.equal(count);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`can be read, ${colorScheme}`, async () => {
      for (const hash of ['', jobHash(RUNNING), jobHash(JOBS[7])]) {
        await using open = await opened({ hash, look: { colorScheme, reducedMotion: 'reduce' } });
        await open.page.locator('li.job').first().waitFor({ state: 'attached' });
        if (hash !== '') await open.page.locator('.timeline li').first().waitFor();
        expect(await unreadableTexts(open.page)).to.deep.equal([]);
      }
      await using visit = await opened({
        isSignedIn: false,
        story: {},
        look: { colorScheme, reducedMotion: 'reduce' },
      });
      await visit.page.getByRole('button', { name: 'Sign in' }).click();
      expect(await unreadableTexts(visit.page)).to.deep.equal([]);
    });
  }

  it('moves nothing for those who asked for that', async () => {
    await using open = await opened({ look: { reducedMotion: 'reduce' } });
    await open.page.locator('li.job').first().waitFor();
    expect(await open.page.evaluate('document.getAnimations().length')).to.equal(0);
  });

  it('tells a visitor what to do, and finds the jobs of an address', async () => {
    const story: Story = {
      environments: [],
      answer: ({ type }, subscription) =>
        type === 'subscribe' ? [{ type: 'snapshot', subscription, cursor: 0, jobs: [], progress: [] }] : [],
    };
    await using open = await opened({ isSignedIn: false, story });
    const { page, frames } = open;
    await page.locator('.link[data-state="open"]').waitFor();
    await page.locator('.hint', { hasText: /^Sign in to see your jobs, or look one up/ }).waitFor();
    await page.locator('.environments', { hasText: /^No runner has come yet\. Start one: npm start/ }).waitFor();
    await page.getByRole('searchbox').fill('nonsense');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'Look for a job id' }).waitFor();
    await page.getByRole('searchbox').fill(`0x${'1'.repeat(40)}`);
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/owner\//);
    await page.locator('.hint', { hasText: 'There are no such jobs here.' }).waitFor();
    expect(frames.at(-1)).to.include({ type: 'subscribe', owner: `0x${'1'.repeat(40)}` });
  });

  it('refuses what is no token, and one that the node does not take', async () => {
    await using open = await opened({ isSignedIn: false, story: {} });
    const { page } = open;
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await text(page, 'dialog')).to.contain('This browser has no wallet');
    await page.getByLabel('Or paste a token').fill('nonsense');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'That is no token' }).waitFor();
    await page.getByLabel('Or paste a token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'does not take this token' }).waitFor();
    expect(await page.evaluate('sessionStorage.length')).to.equal(0);
  });
});

function eventOf(job: StatusObject, subscription: string, cursor: number): ServerFrame {
  const { jobId, status, statusText } = job;
  return { type: 'event', subscription, cursor, jobId, run: 1, attempt: 1, status, statusText, at: 1_773_756_000, job };
}
