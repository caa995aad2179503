/** The names by which clients find routes. A name is listed once its route exists. Source: the wire contract, §1. */

export const COMPUTE = '/api/services/compute';
export const EVENTS = `${COMPUTE}/events`;

export const ENDPOINTS = {
  nonce: ['GET', '/api/services/nonce'],
  computeEnvironments: ['GET', '/api/services/computeEnvironments'],
  computeStart: ['POST', COMPUTE],
  computeStatus: ['GET', COMPUTE],
  computeResult: ['GET', '/api/services/computeResult'],
} as const satisfies Record<string, readonly [method: string, path: string]>;
