/** The routes of the node's own pages: the API's description, and the page of jobs. */
import type { Route } from '../route.ts';
import { docsRoutes } from './docs.ts';
import { pageRoutes } from './page.ts';
import { pageOrderRoute, type PageOrderOptions } from './page-order.ts';
import { pageSessionRoute, type PageSessionOptions } from './page-session.ts';

export function ownPages(version: string, options: PageSessionOptions & PageOrderOptions): Route[] {
  return [docsRoutes(version), pageSessionRoute(options), pageOrderRoute(options), pageRoutes()];
}
