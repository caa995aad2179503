import { findProgram } from './programs.mjs';

/** What the page at /ui is tested in. Any of these will do; Debian has the first. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const found = () => NAMES.find((name) => findProgram(name) !== undefined);

export const browser = {
  name: 'chromium',

  async ready() {
    return found();
  },

  async packages() {
    return found() === undefined ? ['chromium'] : [];
  },

  async bring() {},
};
