/** How long to wait before the next try to connect, PURE. */

const FIRST_MS = 250;
const LONGEST_MS = 10_000;

/**
 * Doubles with each failure in a row, up to ten seconds. Half of it is chance (`random`, 0 to 1): a thousand clients that lost the same
 * gateway must not all come back in the same moment.
 */
export function backoffMs(failures: number, random: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 16));
  return Math.round(whole * (0.5 + random / 2));
}
