/** Texts that somebody else wrote are shown up to a length, PURE. */

/** Most characters of a sentence that says why something is as it is. */
export const MAX_REASON = 2_000;

/** The text, or its beginning with a mark where the rest is left out. */
export function clipped(text: string, most = MAX_REASON): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}
