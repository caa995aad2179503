import { findProgram } from './programs.mjs';

/** What a test brings docker-compose.yml up with. */
export const compose = {
  name: 'docker-compose',

  async ready() {
    return findProgram('docker-compose') === undefined ? undefined : 'docker-compose';
  },

  async packages() {
    return findProgram('docker-compose') === undefined ? ['docker-compose'] : [];
  },

  async bring() {},
};
