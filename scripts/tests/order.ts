/** Which test files come first, and which run when nothing else does. */

/**
 * The longest first, so that no lane is left with one of them at the end. All others follow in their order. Each run prints its slowest:
 * this list need not be exact.
 */
export const LONGEST: readonly string[] = [
  'test/integration/runner/poison.test.ts',
  'test/e2e/compose.test.ts',
  'test/integration/runner/engine-ends.test.ts',
  'test/simulation/simulation.test.ts',
  'test/integration/runner/hostile-registry.test.ts',
  'test/integration/runner/filter.test.ts',
  'test/e2e/kill-loop.test.ts',
  'test/integration/runner/network.test.ts',
  'test/integration/results/hostile-s3.test.ts',
  'test/e2e/survival.test.ts',
  'test/integration/runner/survival.test.ts',
  'test/e2e/faults.test.ts',
  'test/e2e/paid.test.ts',
  'test/integration/runner/engine-filled.test.ts',
  'test/algorithms/published.test.ts',
  'test/integration/runner/two-runners.test.ts',
  'test/integration/runner/stuck-start.test.ts',
  'test/unit/gateway/http/refusals.test.ts',
  'test/integration/live/crowds.test.ts',
  'test/e2e/shared-engine.test.ts',
  'test/e2e/page.test.ts',
  'test/integration/runner/engine-disk.test.ts',
  'test/integration/page/page.test.ts',
  'test/integration/runner/log.test.ts',
  'test/clients/ocean-js.test.ts',
  'test/e2e/results-elsewhere.test.ts',
  'test/integration/runner/images.test.ts',
  'test/integration/runner/disk.test.ts',
  'test/integration/runner/deaf-watch.test.ts',
  'test/integration/runner/live-restore.test.ts',
  'test/integration/runner/start-ownership.test.ts',
  'test/integration/gateway/backup.test.ts',
  'test/integration/runner/cleared-away.test.ts',
  'test/clients/api-page.test.ts',
  'test/integration/runner/profile.test.ts',
  'test/integration/runner/ended-by-the-runner.test.ts',
  'test/e2e/npm-start.test.ts',
  'test/integration/runner/sources.test.ts',
  'test/e2e/control.test.ts',
  'test/integration/runner/provisioning.test.ts',
  'test/integration/page/lists.test.ts',
  // Of the quick ones, which may run without all those above.
  'test/unit/gateway/store/store-file.test.ts',
  'test/unit/shared/net/resolve-name.test.ts',
  'test/unit/scripts/give-to-owner.test.ts',
  'test/unit/scripts/lanes.test.ts',
  'test/unit/gateway/assets/unpack-apart.test.ts',
  'test/unit/runner/pipeline/disk-limit.test.ts',
  'test/unit/runner/fetch/bounded-decoders.test.ts',
  'test/unit/gateway/chain/large-answers.test.ts',
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
