import { findProgram } from './programs.mjs';

/** What benchmarks load a server with: it costs far less than what it asks. */
export const wrk = {
  name: 'wrk',

  async ready() {
    return findProgram('wrk') === undefined ? undefined : 'wrk';
  },

  async packages() {
    return findProgram('wrk') === undefined ? ['wrk'] : [];
  },

  async bring() {},
};
