/** A route: what a row of the endpoint table does. */
import type { Router, RouterContext } from '@koa/router';
import type { Endpoint } from '@capstan/shared/contract/endpoints';

/** Adds itself to a router. */
export type Route = (router: Router) => void;

export type Handler = (ctx: RouterContext) => void | Promise<void>;

export function route({ method, path, aliases = [] }: Endpoint, handle: Handler): Route {
  return (router) => {
    router.register([path, ...aliases], [method], handle);
    if (method === 'GET') router.register([path, ...aliases], ['HEAD'], handle);
  };
}
