/** Which test files come first, and which run when nothing else does. */

/**
 * The longest first, so that no lane is left with one of them at the end. All others follow in their order. Each run prints its slowest:
 * this list need not be exact.
 */
export const LONGEST: readonly string[] = [
  'test/e2e/compose.test.ts',
  'test/integration/gateway/backup.test.ts',
  'test/conformance/openapi.test.ts',
  'test/algorithms/published.test.ts',
  'test/integration/runner/poison.test.ts',
  'test/simulation/simulation.test.ts',
  'test/simulation/planted.test.ts',
  'test/unit/gateway/refusals.test.ts',
  'test/e2e/survival.test.ts',
  'test/e2e/kill-loop.test.ts',
  'test/integration/runner/survival.test.ts',
  'test/integration/runner/network.test.ts',
  'test/integration/live/crowds.test.ts',
  'test/integration/live/readers.test.ts',
  'test/integration/gateway/abuse.test.ts',
  'test/integration/gateway/delete.test.ts',
  'test/integration/gateway/typed-signatures.test.ts',
  'test/integration/live/streams.test.ts',
  'test/e2e/cheats.test.ts',
  'test/e2e/paid.test.ts',
  'test/clients/ocean-js.test.ts',
  'test/clients/python.test.ts',
];

/** What can't go beside others, with the reason: the fewer, the better. These run one after another, after all others. */
export const ALONE: Readonly<Record<string, string>> = {
  'test/integration/runner/image-settings.test.ts': 'looks for volumes without a name in the whole engine',
};

export interface Order {
  readonly beside: readonly string[];
  readonly alone: readonly string[];
}

export function inOrder(files: readonly string[]): Order {
  const isAlone = (file: string) => Object.hasOwn(ALONE, file);
  const rank = (file: string) => {
    const place = LONGEST.indexOf(file);
    return place === -1 ? LONGEST.length : place;
  };
  return {
    beside: files.filter((file) => !isAlone(file)).toSorted((a, b) => rank(a) - rank(b)),
    alone: files.filter(isAlone),
  };
}
