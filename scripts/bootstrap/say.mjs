// The few lines a person reads while the set-up works. They go to stderr, so that stdout belongs to the command itself.

const out = process.stderr;
const isTerminal = out.isTTY === true;
const hasUnicode = isTerminal && /utf-?8/i.test(process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || '');
const hasColour = isTerminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

const marks = hasUnicode ? { done: '✓', doing: '…', failed: '✗' } : { done: 'ok', doing: '..', failed: '!!' };

/** A step that is as it should be: `✓ nats-server 2.9.10`. */
export function done(text) {
  line(marks.done, 32, text);
}

/** A step that takes a while has begun: `… installing Docker Engine`. */
export function doing(text) {
  line(marks.doing, 2, text);
}

/** The set-up can't go on; the hint's lines say what to type. */
export function failed(text, hint) {
  line(marks.failed, 31, text);
  for (const each of hint?.split('\n') ?? []) out.write(`    ${each}\n`);
}

function line(mark, colour, text) {
  const shown = hasColour ? `\x1b[${colour}m${mark}\x1b[0m` : mark;
  out.write(`${shown} ${text}\n`);
}
