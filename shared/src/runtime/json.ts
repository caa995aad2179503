/**
 * JSON that may be anything, PURE. Its brackets and commas are counted before it is parsed: whoever sent it decides how deep and how wide
 * it is, and whatever walks a value afterwards pays for that. The scan is linear, and ends at the first bracket or comma too many.
 */

export interface JsonBounds {
  readonly maxDepth: number;
  /** Values in objects and arrays, at all levels together. An empty object or array counts as one that holds something. */
  readonly maxMembers: number;
}

/** For what strangers send. JSON.stringify, among others, overflows the stack on a depth of some thousands. */
export const JSON_BOUNDS: JsonBounds = { maxDepth: 200, maxMembers: 20_000 };

/** For what our own services tell one another: a job with its descriptions, a log in small pieces of both streams. */
export const BUS_JSON_BOUNDS: JsonBounds = { maxDepth: 250, maxMembers: 200_000 };

export type ReadJson =
  | { readonly kind: 'value'; readonly value: unknown }
  /** `problem` goes on after "it". */
  | { readonly kind: 'refused'; readonly problem: string };

/** The value of a text, or why there is none. */
export function readJson(text: string, bounds: JsonBounds = JSON_BOUNDS): ReadJson {
  const problem = sizeProblem(text, bounds);
  if (problem !== undefined) return { kind: 'refused', problem };
  try {
    return { kind: 'value', value: JSON.parse(text) as unknown };
  } catch {
    return { kind: 'refused', problem: 'is no JSON' };
  }
}

/** The value, or undefined for what is no JSON within the bounds. */
export function parseJson(text: string, bounds: JsonBounds = JSON_BOUNDS): unknown {
  const read = readJson(text, bounds);
  return read.kind === 'value' ? read.value : undefined;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** What is too much of a text, parsed or not. */
export function sizeProblem(text: string, { maxDepth, maxMembers }: JsonBounds): string | undefined {
  let depth = 0;
  let members = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (isInString) {
      if (char === BACKSLASH) i += 1;
      else if (char === QUOTE) isInString = false;
    } else if (char === QUOTE) isInString = true;
    else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      depth += 1;
      members += 1;
      if (depth > maxDepth) return `is nested deeper than ${maxDepth} levels`;
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) depth -= 1;
    else if (char === COMMA) members += 1;
    if (members > maxMembers) return `holds more than ${maxMembers.toLocaleString('en')} values`;
  }
  return undefined;
}
