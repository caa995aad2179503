/** A real browser, without a window: the Chromium of this machine, driven by playwright-core. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';

/** The set-up makes sure of the first. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** No sandbox of its own, for tests run as root, and nothing that talks to the outside. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

export interface OpenBrowser extends AsyncDisposable {
  /** A window of its own, with nothing stored in it. */
  open(options?: BrowserContextOptions): Promise<{ readonly page: Page; readonly context: BrowserContext }>;
}

export async function startBrowser(): Promise<OpenBrowser> {
  const browser: Browser = await chromium.launch({ executablePath: program(), args: FLAGS });
  return {
    async open(options = {}) {
      const context = await browser.newContext(options);
      return { context, page: await context.newPage() };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
    },
  };
}

function program(): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/snap/bin'].filter(
    (folder) => folder !== '',
  );
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  if (found === undefined) throw new Error('There is no Chromium here. Install it: apt-get install chromium');
  return found;
}
