/** The page as tests open it. */
import type { ClientFrame } from '@capstan/shared/contract/socket';
import type { OpenBrowser } from '../../../scripts/parts/browser.ts';
import { playNode, PLAYED_URL, type Story } from '../../../scripts/screenshots/played-node.ts';
import { STORY, TOKEN } from '../../../scripts/screenshots/story.ts';

const LIMIT_MS = 60_000;

type Look = Parameters<OpenBrowser['open']>[0];
export interface Visit {
  readonly story?: Story;
  readonly isSignedIn?: boolean;
  readonly hash?: string;
  readonly look?: Look;
}
/** The page in a window of its own, on a node that is played; what it asked for and what went wrong is kept. */
export async function openPage(
  browser: OpenBrowser,
  { story = STORY, isSignedIn = true, hash = '', look = {} }: Visit = {},
) {
  const { page, context } = await browser.open({ viewport: { width: 1440, height: 900 }, ...look });
  page.setDefaultTimeout(LIMIT_MS);
  const problems: string[] = [];
  const asked: string[] = [];
  const frames: ClientFrame[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => problems.push(message.text()));
  page.on('request', (request) => asked.push(request.url()));
  if (isSignedIn) await page.addInitScript((token) => sessionStorage.setItem('capstan.session', token), TOKEN);
  const node = await playNode(page, {
    ...story,
    answer: (frame, name) => {
      frames.push(frame);
      return story.answer?.(frame, name) ?? [];
    },
  });
  await page.goto(`${PLAYED_URL}/ui${hash}`);
  return { page, node, problems, asked, frames, [Symbol.asyncDispose]: () => context.close() };
}
