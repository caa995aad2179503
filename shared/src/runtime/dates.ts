/** Points in time, PURE: whole milliseconds that a calendar knows. Beyond them a Date is none, and SQLite's whole numbers are none of ours. */

const LAST_MS = 8_640_000_000_000_000;

/** The nearest point in time that can be kept and shown. */
export function dateOf(ms: number): number {
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(Math.round(ms), -LAST_MS), LAST_MS);
}

/** ISO 8601. */
export function isoOf(ms: number): string {
  return new Date(dateOf(ms)).toISOString();
}
