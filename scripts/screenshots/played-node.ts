/** The page in a browser, and in place of a node a script that says what it likes: for pictures, and for what a node never says. */
import type { Page, WebSocketRoute } from 'playwright-core';
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import type { StatusObject } from '@capstan/shared/contract/api';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import type { ClientFrame, ServerFrame } from '@capstan/shared/contract/socket';
import { PAGE_HEADERS, pageAssets } from '../../services/gateway/src/http/routes/page.ts';

/** The address that the page believes it comes from. */
export const PLAYED_URL = 'http://node.example';

export interface Story {
  readonly statusAccess?: 'open' | 'signed';
  readonly caller?: { readonly address: string; readonly isOperator: boolean };
  readonly environments?: readonly EnvironmentObject[];
  readonly jobs?: readonly StatusObject[];
  /** What a page of jobs that is asked for over REST holds, and the cursor of the next one. */
  list?(query: URLSearchParams): { readonly jobs: readonly StatusObject[]; readonly next?: number };
  /** How a job stood at the end of an earlier run, which is asked for over REST. */
  run?(jobId: string, run: number): StatusObject | undefined;
  /** What follows the frame that begins a subscription or a log, under its name. */
  answer?(frame: ClientFrame, name: string): readonly ServerFrame[];
}

export interface PlayedNode {
  send(...frames: readonly ServerFrame[]): void;
  /** The node is gone. */
  drop(): void;
}

/** To be called before the page is opened. */
export async function playNode(page: Page, story: Story): Promise<PlayedNode> {
  const assets = pageAssets();
  let socket: WebSocketRoute | undefined;
  await page.route(`${PLAYED_URL}/**`, (route) => {
    const { pathname, searchParams } = new URL(route.request().url());
    const asset = assets.get(pathname);
    if (asset) {
      const type = { html: 'text/html', css: 'text/css', svg: 'image/svg+xml' }[asset.type] ?? asset.type;
      return route.fulfill({ headers: { ...PAGE_HEADERS, 'Content-Type': type }, body: asset.bytes });
    }
    if (pathname === '/ui/session') {
      return route.fulfill({ json: { statusAccess: story.statusAccess ?? 'open', caller: story.caller ?? null } });
    }
    if (pathname.endsWith('/services/compute') && searchParams.has('status')) {
      const { jobs, next } = story.list?.(searchParams) ?? { jobs: [] };
      const headers = next === undefined ? {} : { Link: `<?cursor=${next}>; rel="next"` };
      return route.fulfill({ json: jobs, headers });
    }
    if (pathname.endsWith('/services/compute') && searchParams.has('run')) {
      const past = story.run?.(searchParams.get('jobId') ?? '', Number(searchParams.get('run')));
      return route.fulfill({ json: past === undefined ? [] : [past] });
    }
    if (pathname.endsWith('/computeEnvironments')) return route.fulfill({ json: { 8996: story.environments ?? [] } });
    return route.fulfill({ status: 404, json: { error: 'There is no such thing in this play.' } });
  });
  await page.routeWebSocket(`${PLAYED_URL.replace('http', 'ws')}${EVENTS_PATH}`, (opened) => {
    socket = opened;
    opened.onMessage((text) => {
      const frame = JSON.parse(String(text)) as ClientFrame;
      if (frame.type === 'ping') opened.send(JSON.stringify({ type: 'pong' } satisfies ServerFrame));
      const name = 'subscription' in frame ? (frame.subscription ?? '1') : '1';
      for (const each of story.answer?.(frame, name) ?? []) opened.send(JSON.stringify(each));
    });
  });
  return {
    send(...frames) {
      for (const frame of frames) socket?.send(JSON.stringify(frame));
    },
    drop: () => void socket?.close({ code: 1001, reason: 'the node is stopping' }),
  };
}
