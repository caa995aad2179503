import { expect } from 'chai';
import type { ServerFrame } from '@capstan/shared/contract/socket';
import type { StatusObject } from '@capstan/shared/contract/api';
import { startBrowser, type OpenBrowser } from '../../../scripts/parts/browser.ts';
import { DONE, RUNNING, STORY } from '../../../scripts/screenshots/story.ts';
import { openPage, type Visit } from '../../support/page/opened.ts';

describe('who works with the page at /ui', () => {
  let browser: OpenBrowser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser[Symbol.asyncDispose]());

  const opened = (visit?: Visit) => openPage(browser, visit);
  const jobHash = (job: StatusObject | undefined) => `#/job/${job?.jobId}`;

  it('leaves the keyboard where it was when a button has done its work, was refused, or is gone', async () => {
    await using open = await opened({ hash: jobHash(RUNNING) });
    const { page, node, frames } = open;
    page.on('dialog', (dialog) => void dialog.accept());
    const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');
    const stop = page.getByRole('button', { name: 'Stop job' });
    await stop.focus();
    await page.keyboard.press('Enter');
    await page.locator('#trouble', { hasText: 'no such thing in this play' }).waitFor();
    await page.locator('button:focus', { hasText: 'Stop job' }).waitFor();
    const subscription = frames.findLast((frame) => frame.type === 'subscribe')?.subscription ?? '';
    const job = { ...(RUNNING as StatusObject), status: 70, statusText: 'Job completed', dateFinished: 1_773_756_000 };
    node.send(eventOf(job, subscription, 5_000));
    await stop.waitFor({ state: 'hidden' });
    expect(await focused()).to.match(/^Job \w{8}/);
  });

  it('leads the keyboard to the jobs once one of them is deleted', async () => {
    await using open = await opened({ hash: jobHash(DONE) });
    const { page } = open;
    page.on('dialog', (dialog) => void dialog.accept());
    await page.route('**/services/nonce?*', (route) => route.fulfill({ json: { nonce: 1 } }));
    await page.route('**/services/compute?*', (route) =>
      route.request().method() === 'DELETE' ? route.fulfill({ json: [] }) : route.fallback(),
    );
    await page.getByRole('button', { name: 'Delete the job' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.job-detail').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.id')).to.equal('board');
  });

  it('says what a job gets in an environment, not what all of its jobs get together', async () => {
    const [environment, older] = STORY.environments ?? [];
    if (environment === undefined || older === undefined) return expect.fail('no environments in the story');
    const perJob = { cpus: 0.666, ramGB: 0.25, diskGB: 12.5, gpus: 0, maxDurationS: 86_400 };
    const environments = [{ ...environment, perJob }, older];
    await using open = await opened({ story: { ...STORY, environments } });
    const facts = open.page.locator('.environment .facts');
    await facts.nth(1).waitFor();
    const [said, whole] = await facts.allInnerTexts();
    expect(said?.replaceAll('\u00a0', ' ')).to.contain(
      'A job gets 0.67 CPU · 0.25 GB memory · 12.5 GB disk · up to 1 d',
    );
    expect(whole).not.to.contain('A job gets');
  });
});

function eventOf(job: StatusObject, subscription: string, cursor: number): ServerFrame {
  const { jobId, status, statusText } = job;
  return { type: 'event', subscription, cursor, jobId, run: 1, attempt: 1, status, statusText, at: 1_773_756_000, job };
}
