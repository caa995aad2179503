import { findProgram } from './programs.mjs';

const PACKAGES = { 'docker-registry': 'docker-registry', htpasswd: 'apache2-utils', 'mkfs.ext4': 'e2fsprogs' };

/** A registry for tests to pull from, the program that makes its logins, and the one that makes small disks to fill. */
export const registry = {
  name: 'docker-registry',

  async ready() {
    return missingPackages().length === 0 ? 'docker-registry' : undefined;
  },

  async packages() {
    return missingPackages();
  },

  async bring() {},
};

function missingPackages() {
  return Object.keys(PACKAGES)
    .filter((program) => findProgram(program) === undefined)
    .map((program) => PACKAGES[program]);
}
