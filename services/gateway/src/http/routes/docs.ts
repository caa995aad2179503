/** `/openapi.json`, `/asyncapi.json`, and a page at `/docs` that shows the first: Swagger UI, from this node's own disk. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncApi } from '@capstan/shared/contract/asyncapi';
import { ERRORS } from '@capstan/shared/contract/errors';
import { openApi } from '@capstan/shared/contract/openapi';
import type { Route } from '../route.ts';

/** The files of Swagger UI that the page needs; nothing else of that folder is served. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['swagger-ui.css', 'text/css'],
  ['swagger-ui-bundle.js', 'text/javascript'],
  ['favicon-32x32.png', 'image/png'],
]);

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const START = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#page', deepLinking: true, tryItOutEnabled: false });`;

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Capstan API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="page"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
`;

export function docsRoutes(version: string): Route {
  // As bytes, which all answers share: a text would be turned into bytes for each, and kept for whoever is slow to read it.
  const description = Buffer.from(JSON.stringify(openApi(version)));
  const socketDescription = Buffer.from(JSON.stringify(asyncApi(version, Object.keys(ERRORS))));
  const folder = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
  return (router) => {
    router.get('/openapi.json', (ctx) => {
      ctx.type = 'json';
      ctx.body = description;
    });
    router.get('/asyncapi.json', (ctx) => {
      ctx.type = 'json';
      ctx.body = socketDescription;
    });
    router.get('/docs', (ctx) => {
      // The addresses in it are relative: the node may be served below a path.
      if (ctx.path.endsWith('/')) return ctx.redirect('../docs');
      ctx.set('Content-Security-Policy', POLICY);
      ctx.type = 'html';
      ctx.body = PAGE;
    });
    router.get('/docs/start.js', (ctx) => {
      ctx.type = 'text/javascript';
      ctx.body = START;
    });
    for (const [name, type] of FILES) {
      let bytes: Buffer | undefined;
      router.get(`/docs/${name}`, (ctx) => {
        ctx.type = type;
        ctx.set('Cache-Control', 'public, max-age=86400');
        // From memory: a file that is open for each reader could use up all that a process may have open.
        ctx.body = bytes ??= readFileSync(join(folder, name));
      });
    }
  };
}
