/**
 * The routes of the node's own pages: the API's description, and the page of jobs. They are not in the table of endpoints: that table is
 * the API, which `GET /` lists and OpenAPI describes for every client. These serve the page that is shipped with the same gateway, and
 * change with it. Who asks is still read by the one reader of credentials (`../caller.ts`).
 */
import type { Route } from '../route.ts';
import { docsRoutes } from './docs.ts';
import { pageRoutes } from './page.ts';
import { pageOrderRoute, type PageOrderOptions } from './page-order.ts';
import { pageSessionRoute, type PageSessionOptions } from './page-session.ts';

export function ownPages(version: string, options: PageSessionOptions & PageOrderOptions): Route[] {
  return [docsRoutes(version), pageSessionRoute(options), pageOrderRoute(options), pageRoutes()];
}
