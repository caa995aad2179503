import { findProgram } from './programs.mjs';

const PROGRAMS = ['nginx', 'caddy', 'openssl'];

/** The proxies that docs/proxies.md shows, and what makes a certificate for them. */
export const proxies = {
  name: 'nginx, caddy, openssl',

  async ready() {
    return PROGRAMS.every((program) => findProgram(program) !== undefined) ? 'nginx, caddy, openssl' : undefined;
  },

  async packages() {
    return PROGRAMS.filter((program) => findProgram(program) === undefined);
  },

  async bring() {},
};
