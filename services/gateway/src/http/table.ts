/** All routes of the table. One that is in it and has no handler does not compile, nor does the other way round. */
import { ENDPOINTS, type EndpointName } from '@capstan/shared/contract/endpoints';
import type { Readers } from './asked.ts';
import type { Route, Served } from './route.ts';

export type Handlers = { readonly [Name in EndpointName]: Served<(typeof ENDPOINTS)[Name]> };

/** In the order of the table, by which an `Allow` header names the methods of a path; paths with a part that varies come last. */
export function routesOf(handlers: Handlers, readers: Readers): readonly Route[] {
  const names = Object.keys(ENDPOINTS) as EndpointName[];
  const varies = (name: EndpointName) => ENDPOINTS[name].path.includes('{');
  const [fixed, varying] = [names.filter((name) => !varies(name)), names.filter(varies)];
  return [...fixed, ...varying].map((name) => handlers[name].by(readers));
}
