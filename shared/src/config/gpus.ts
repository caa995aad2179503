/** Names of GPUs, PURE: each card has one, or it would be lent to two jobs at once. */
import type { EnvironmentConfig } from './environment.ts';

const INDEX = /^\d+$/;
const CANONICAL_INDEX = /^(0|[1-9]\d*)$/;

/** What is wrong with the GPUs of a runner's environments, one line each. */
export function gpuProblems(environments: readonly Pick<EnvironmentConfig, 'gpus'>[]): readonly string[] {
  const problems = environments.flatMap(({ gpus }, index) => {
    const at = `runner.environments[${index}].gpus`;
    const names = gpus.map((gpu) => gpu.toLowerCase());
    return [
      ...gpus
        .filter((gpu) => INDEX.test(gpu) && !CANONICAL_INDEX.test(gpu))
        .map((gpu) => `${at}: "${gpu}" is to be written as "${Number(gpu)}".`),
      ...(names.some((name) => name === 'all' || name === 'none')
        ? [`${at}: "all" and "none" are no GPUs. Name each one, by index or UUID.`]
        : []),
      ...(new Set(names).size < names.length ? [`${at}: the same UUID is there twice, in two spellings.`] : []),
    ];
  });
  const all = environments.flatMap(({ gpus }) => gpus);
  const indexes = all.filter((gpu) => INDEX.test(gpu));
  return indexes.length > 0 && indexes.length < all.length
    ? [
        ...problems,
        'runner.environments: name all GPUs by index, or all of them by UUID. With both, one card could be lent to two jobs at once.',
      ]
    : problems;
}
