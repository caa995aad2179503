/** The page where there is little room, and where the system chooses the colours. */
import { expect } from 'chai';
import { startBrowser, type OpenBrowser } from '../../../scripts/parts/browser.ts';
import { DONE } from '../../../scripts/screenshots/story.ts';
import { openPage, type Visit } from '../../support/page/opened.ts';

/** What a person sees as broken: a label or an address on two lines, and what stands out of its card. */
const BROKEN_OR_OUTSIDE = `[
  ...[...document.querySelectorAll('button, .address, .id, .took, .badge')]
    .filter((each) => each.getClientRects().length > 1 || (each.tagName === 'BUTTON' && each.offsetHeight > 40)),
  ...[...document.querySelectorAll('.job a, .job-detail, .card, dialog')].flatMap((card) =>
    [...card.querySelectorAll('*')].filter((each) => each.getBoundingClientRect().right > card.getBoundingClientRect().right)),
].map((each) => each.outerHTML.slice(0, 200))`;

describe('the page at /ui, small or in the colours of the system', () => {
  let browser: OpenBrowser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser[Symbol.asyncDispose]());

  const opened = (visit?: Visit) => openPage(browser, visit);
  const ended = `#/job/${DONE?.jobId}`;

  it('fits a small phone', async () => {
    for (const hash of ['', ended]) {
      await using open = await opened({ hash, look: { viewport: { width: 320, height: 640 } } });
      await open.page.locator('li.job').first().waitFor({ state: 'attached' });
      if (hash !== '') await open.page.locator('.results li').first().waitFor();
      expect(await open.page.evaluate('document.documentElement.scrollWidth'), hash).to.equal(320);
      expect(await open.page.evaluate<readonly string[]>(BROKEN_OR_OUTSIDE), hash).to.deep.equal([]);
      if (hash === '')
        expect(await open.page.locator('.environment .facts').first().innerText()).to.match(
          /^4.CPU.· 8.GB.memory.· .*.· free$/,
        );
    }
    await using visit = await opened({
      isSignedIn: false,
      story: {},
      look: { viewport: { width: 320, height: 640 } },
    });
    await visit.page.getByRole('button', { name: 'Sign in' }).click();
    expect(await visit.page.evaluate<readonly string[]>(BROKEN_OR_OUTSIDE)).to.deep.equal([]);
  });

  it('tells the two streams of a log apart without colours of its own, and shows when each event was', async () => {
    await using open = await opened({ hash: ended, look: { forcedColors: 'active' } });
    const { page } = open;
    await page.locator('.log div').nth(5).waitFor();
    const borders = await page.evaluate<readonly number[]>(`
      [...document.querySelectorAll('.log div')].map((line) => parseFloat(getComputedStyle(line).borderLeftWidth))`);
    expect(borders.filter((width) => width > 0)).to.have.length(1);
    const [dot, ground] = await page.evaluate<readonly string[]>(`[
      getComputedStyle(document.querySelector('.timeline li'), '::before').backgroundColor,
      getComputedStyle(document.querySelector('.job-detail')).backgroundColor,
    ]`);
    expect(dot).not.to.equal(ground);
  });
});
