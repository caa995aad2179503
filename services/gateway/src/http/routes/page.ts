/** The page at `/ui`, all of it from this node's own disk: read and compressed when somebody first asks for it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Context } from 'koa';
import { APP_PATH, pageModules } from '../page-modules.ts';
import type { Route } from '../route.ts';

/** Nothing from elsewhere, nothing inline, and no text that becomes markup or code: what jobs say may be hostile. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export const PAGE_HEADERS = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': POLICY,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

const FOLDER = new URL('../../../ui/', import.meta.url);
const ENTRY = 'main.ts';

interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
  readonly zipped: Buffer;
  readonly etag: string;
}

export function pageRoutes(): Route {
  let assets: ReadonlyMap<string, Asset> | undefined;
  return (router) => {
    router.get(['/ui', '/ui/*file'], (ctx) => {
      // Its addresses are relative, and count from where it stands.
      if (ctx.path === '/ui/') return ctx.redirect('../ui');
      assets ??= pageAssets();
      const asset = assets.get(ctx.path);
      if (asset) answer(ctx, asset);
    });
  };
}

/** Every file of the page, by its path. */
export function pageAssets(): ReadonlyMap<string, Asset> {
  const modules = pageModules(new URL(ENTRY, FOLDER));
  const file = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8');
  // All modules are named at the top: the browser asks for them at once, instead of finding one through the other.
  const preloads = [...modules.keys()]
    .map((path) => `<link rel="modulepreload" href="${path.slice(1)}">`)
    .join('\n    ');
  return new Map([
    ['/ui', assetOf('html', file('index.html').replace('<!-- modules -->', preloads))],
    ['/ui/style.css', assetOf('css', file('style.css'))],
    ['/ui/icon.svg', assetOf('svg', file('icon.svg'))],
    ...[...modules].map(([path, text]) => [path, assetOf('text/javascript', text)] as const),
  ]);
}

export const ENTRY_PATH = APP_PATH + ENTRY;

function assetOf(type: string, text: string): Asset {
  const bytes = Buffer.from(text);
  return { type, bytes, zipped: gzipSync(bytes), etag: createHash('sha256').update(bytes).digest('hex').slice(0, 32) };
}

function answer(ctx: Context, { type, bytes, zipped, etag }: Asset): void {
  ctx.type = type;
  ctx.set({ ...PAGE_HEADERS, Vary: 'Accept-Encoding' });
  ctx.etag = etag;
  ctx.status = 200;
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  const isZipped = ctx.acceptsEncodings('gzip', 'identity') === 'gzip';
  if (isZipped) ctx.set('Content-Encoding', 'gzip');
  ctx.body = isZipped ? zipped : bytes;
}
