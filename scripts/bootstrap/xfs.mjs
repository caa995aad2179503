import { findProgram } from './programs.mjs';

/** What a test makes a disk with quotas with. Debian's mkfs.xfs is one of the programs that only root has on the path. */
export const xfs = {
  name: 'mkfs.xfs',

  async ready() {
    return findProgram('mkfs.xfs') === undefined ? undefined : 'mkfs.xfs';
  },

  async packages() {
    return findProgram('mkfs.xfs') === undefined ? ['xfsprogs'] : [];
  },

  async bring() {},
};
