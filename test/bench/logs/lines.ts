/** The log that is followed, PURE: lines of one length, each with its number, so that a missing one is seen. */

const NUMBER_DIGITS = 12;

export interface LogShape {
  /** Of each line, its end included. */
  readonly lineBytes: number;
  readonly mbPerSecond: number;
  readonly seconds: number;
}

/** What a line has after its number. */
const restOf = (lineBytes: number) => ` ${'x'.repeat(lineBytes - NUMBER_DIGITS - 2)}\n`;

export const linesOf = ({ lineBytes, mbPerSecond, seconds }: LogShape): number =>
  Math.round((mbPerSecond * 1e6 * seconds) / lineBytes);

export function textOf({ from, to, lineBytes }: { from: number; to: number; lineBytes: number }): string {
  const rest = restOf(lineBytes);
  let text = '';
  for (let number = from; number < to; number += 1) text += String(number).padStart(NUMBER_DIGITS, '0') + rest;
  return text;
}

/** A program for Node that writes so many megabytes a second, as fast as whoever reads lets it, in steps of 10 ms. */
export const writerOf = (shape: LogShape): string => `
const [each, all] = [${Math.max(1, Math.round((shape.mbPerSecond * 1e4) / shape.lineBytes))}, ${linesOf(shape)}];
const block = Buffer.from(${JSON.stringify('0'.repeat(NUMBER_DIGITS) + restOf(shape.lineBytes))}.repeat(each));
let number = 0;
const begun = performance.now();
const step = () => {
  if (number >= all) return;
  const due = Math.min(all, Math.ceil((performance.now() - begun) / 10) * each);
  const count = Math.max(0, Math.min(due - number, each));
  for (let i = 0; i < count; i += 1, number += 1)
    block.latin1Write(String(number).padStart(${NUMBER_DIGITS}, '0'), i * ${shape.lineBytes});
  process.stdout.write(block.subarray(0, count * ${shape.lineBytes}), () => setTimeout(step, number < due ? 0 : 10));
};
step();
`;

/** Follows a log piece by piece; says what is wrong with it as soon as something is. */
export function createLineCheck(lineBytes: number) {
  const rest = restOf(lineBytes);
  let bytes = 0;
  return {
    bytes: () => bytes,
    /** What comes next is known to be good. */
    skip(length: number): void {
      bytes += length;
    },
    /** The next piece, wherever it begins in a line. Undefined if it goes on where the one before it ended. */
    problemOf(text: string): string | undefined {
      const first = Math.floor(bytes / lineBytes);
      const cut = bytes % lineBytes;
      bytes += text.length;
      for (let number = first, at = -cut; at < text.length; number += 1, at += lineBytes) {
        const line = String(number).padStart(NUMBER_DIGITS, '0') + rest;
        const [from, to] = [Math.max(0, at), Math.min(text.length, at + lineBytes)];
        if (text.slice(from, to) !== line.slice(from - at, to - at))
          return `line ${number} is not there: ${JSON.stringify(text.slice(from, from + 80))}`;
      }
      return undefined;
    },
  };
}
