/** The Node that runs us. */
import { bad, ok } from './finding.ts';
import type { Check } from './check.ts';

const OLDEST = 24;

export const checkNode: Check = () => {
  const { node } = process.versions;
  const isOld = Number(node.split('.')[0]) < OLDEST;
  return Promise.resolve([
    isOld
      ? bad('node', `Node ${node} is too old`, `install Node ${OLDEST}, or start by npm, which brings its own`)
      : ok('node', `Node ${node}`),
  ]);
};
