/** A route: what a row of the endpoint table does. */
import type { Router, RouterContext } from '@koa/router';
import type { Endpoint } from '@capstan/shared/contract/endpoints';

/** Adds itself to a router. */
export type Route = (router: Router) => void;

export type Handler = (ctx: RouterContext) => void | Promise<void>;

export function route({ method, path, aliases = [] }: Endpoint, handle: Handler): Route {
  const paths = [path, ...aliases].map((each) => each.replace(/\{(\w+)\}/g, ':$1'));
  return (router) => {
    router.register(paths, [method], handle);
    if (method === 'GET') router.register(paths, ['HEAD'], handle);
  };
}
