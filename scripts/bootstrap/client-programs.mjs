import { findProgram, run } from './programs.mjs';

/** What the tests call the node with, beside clients in JavaScript. */
export const clientPrograms = {
  name: 'curl, python3',

  async ready(context) {
    const missing = await missingPackages(context);
    return missing.length === 0 ? 'curl, python3' : undefined;
  },

  packages: missingPackages,

  async bring() {},
};

async function missingPackages({ signal }) {
  // Debian's minimal Python has the program, and of its library only a part.
  const python = await run(['python3', '-c', 'import json, urllib.request'], { signal });
  return [...(findProgram('curl') === undefined ? ['curl'] : []), ...(python.code === 0 ? [] : ['python3'])];
}
