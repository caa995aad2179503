/** A route: a row of the table, and what is done about it. Whatever else there is to say of it, the row says. */
import type { Router, RouterContext } from '@koa/router';
import type { Static, TSchema } from 'typebox';
import type { Endpoint } from '@capstan/shared/contract/endpoint';
import { createReader, type Asked, type Readers } from './asked.ts';

/** Adds itself to a router. */
export type Route = (router: Router) => void;

/** A row with its handler: a route as soon as it is told how to read. */
export interface Served<Row extends Endpoint> {
  readonly row: Row;
  by(readers: Readers): Route;
}

const TEXT = Symbol('text');

/** JSON that is a text already: a number of JavaScript would lose digits, and what is the same for all is written once. */
export interface JsonText {
  readonly [TEXT]: string;
}
export const jsonText = (text: string): JsonText => ({ [TEXT]: text });

/** Read, never changed. */
type Told<T> = T extends readonly (infer Item)[]
  ? readonly Told<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: Told<T[Name]> }
    : T;

/** What the row says that comes of it; undefined where the handler has written the answer itself. */
export type Answer<Row extends Endpoint> =
  | undefined
  | (Row['success'] extends { readonly type: 'application/json'; readonly schema: infer Schema extends TSchema }
      ? Told<Static<Schema>> | JsonText
      : Row['success'] extends { readonly type: 'text/plain' }
        ? string | Buffer
        : never);

export type Handle<Row extends Endpoint> = (asked: Asked<Row>) => Answer<Row> | Promise<Answer<Row>>;

/** `first`: what is looked at before anything of the request is read. */
export function route<const Row extends Endpoint>(
  row: Row,
  handle: Handle<Row>,
  first: (ctx: RouterContext) => void = () => undefined,
): Served<Row> {
  return {
    row,
    by(readers) {
      const read = createReader(row, readers);
      return addAt(row, async (ctx) => {
        first(ctx);
        const asked = await read(ctx);
        ctx.status = row.success.status;
        write(ctx, row, await handle(asked));
      });
    },
  };
}

function addAt({ method, path, aliases = [] }: Endpoint, answer: (ctx: RouterContext) => Promise<void>): Route {
  const paths = [path, ...aliases].map((each) => each.replace(/\{(\w+)\}/g, ':$1'));
  return (router) => {
    router.register(paths, [method], answer);
    if (method === 'GET') router.register(paths, ['HEAD'], answer);
  };
}

function write(ctx: RouterContext, { success }: Endpoint, answer: unknown): void {
  if (answer === undefined) return;
  ctx.type = success.type;
  ctx.body = isText(answer) ? answer[TEXT] : answer;
}

const isText = (answer: unknown): answer is JsonText => typeof answer === 'object' && answer !== null && TEXT in answer;
