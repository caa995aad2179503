/** What a misspelt word was probably meant to be, PURE. */
import { closest, distance } from 'fastest-levenshtein';

/** The candidate that differs from the word by a third of its letters at most (two swapped letters count as two); undefined where none is that near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const best = closest(word, candidates);
  return distance(word.toLowerCase(), best.toLowerCase()) <= Math.ceil(word.length / 3) ? best : undefined;
}
