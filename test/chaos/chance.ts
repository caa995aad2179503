/** Choices that follow from a seed. */
import { createHash } from 'node:crypto';
import { seeded } from './seeded.ts';

export interface Chance {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number of the two or between them. */
  between(least: number, most: number): number;
  of<T>(choices: readonly [T, ...T[]]): T;
  shuffled<T>(items: readonly T[]): readonly T[];
  /** Another row of choices, which follows from the same seed and does not depend on how many are made here. */
  fork(name: string): Chance;
}

export function chanceOf(seed: number): Chance {
  const next = seeded(seed);
  const chance: Chance = {
    next,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    of: (choices) => choices[Math.floor(next() * choices.length)] ?? choices[0],
    shuffled(items) {
      const keyed = items.map((item) => ({ item, key: next() }));
      return keyed.toSorted((one, other) => one.key - other.key).map(({ item }) => item);
    },
    fork: (name) => chanceOf(seed ^ createHash('sha256').update(name).digest().readInt32BE()),
  };
  return chance;
}
