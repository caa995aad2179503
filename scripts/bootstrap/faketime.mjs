import { findProgram } from './programs.mjs';

/** Its library shifts the clocks of processes. */
export const faketime = {
  name: 'faketime',

  async ready() {
    return findProgram('faketime') === undefined ? undefined : 'faketime';
  },

  async packages() {
    return findProgram('faketime') === undefined ? ['faketime'] : [];
  },

  async bring() {},
};
