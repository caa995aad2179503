/** `npm run docs:screenshots`: pictures of the page, light and dark, wide and narrow, for the docs. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startBrowser } from './parts/browser.ts';
import { readCommandLine } from './parts/command-line.ts';
import { ROOT } from './parts/service.ts';
import { playNode, PLAYED_URL } from './screenshots/played-node.ts';
import { DONE, NOW, RUNNING, STORY, TOKEN } from './screenshots/story.ts';

const USAGE = `usage: npm run docs:screenshots

Takes the pictures of docs/img anew: the page in a real browser, with a script in place of the node.`;

const { values } = readCommandLine(USAGE, { options: { help: { type: 'boolean', short: 'h', default: false } } });
if (values.help) {
  console.log(USAGE);
  process.exit();
}

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };

const PICTURES = [
  { name: 'ui-light', viewport: WIDE, colorScheme: 'light', hash: `#/job/${RUNNING?.jobId}` },
  { name: 'ui-dark', viewport: WIDE, colorScheme: 'dark', hash: `#/job/${DONE?.jobId}` },
  { name: 'ui-overview', viewport: WIDE, colorScheme: 'dark', hash: '' },
  { name: 'ui-phone', viewport: NARROW, colorScheme: 'light', hash: '' },
  { name: 'ui-phone-job', viewport: NARROW, colorScheme: 'dark', hash: `#/job/${RUNNING?.jobId}` },
] as const;

const dir = join(ROOT, 'docs', 'img');
await mkdir(dir, { recursive: true });
await using browser = await startBrowser();
for (const { name, hash, ...look } of PICTURES) {
  const { page, context } = await browser.open({ ...look, reducedMotion: 'reduce', timezoneId: 'UTC', locale: 'en' });
  page.on('pageerror', (error) => console.error(`${name}: ${error.message}`));
  page.on('console', (message) => console.error(`${name}: ${message.text()}`));
  await page.clock.setFixedTime(NOW);
  await page.addInitScript((token) => sessionStorage.setItem('capstan.session', token), TOKEN);
  await playNode(page, STORY);
  await page.goto(`${PLAYED_URL}/ui${hash}`);
  await page.locator('li.job').first().waitFor({ state: 'attached' });
  if (hash !== '') await page.locator('.log div').last().waitFor();
  await page.screenshot({ path: join(dir, `${name}.png`) });
  console.log(`docs/img/${name}.png`);
  await context.close();
}
