import { existsSync } from 'node:fs';

const DEBIAN = '/usr/lib/python3/dist-packages';
const PACKAGES = { pandas: 'python3-pandas', matplotlib: 'python3-matplotlib' };

/** What the programs of test/algorithms run on: Debian's Python with the libraries that algorithms use most. */
export const pythonLibraries = {
  name: 'pandas, matplotlib',

  async ready() {
    return missingPackages().length === 0 ? 'pandas, matplotlib' : undefined;
  },

  async packages() {
    return missingPackages();
  },

  async bring() {},
};

function missingPackages() {
  return Object.keys(PACKAGES)
    .filter((name) => !existsSync(`${DEBIAN}/${name}`))
    .map((name) => PACKAGES[name]);
}
