/** Log lines of the parts as a person reads them, or as a program does, PURE. */
import { parseEntry, type Entry } from '../parts/service.ts';

const NAME_WIDTH = 9;
/** Said by the line itself already, or of no use to a person. */
const HIDDEN = new Set(['msg', 'level', 'time', 'service', 'err']);
/** The marks that nats-server gives to what a person may care about. */
const NATS_PROBLEM = /\[(WRN|ERR|FTL)\] (.*)$/;
/** The password of our own server lies in a file that only we can read, and lives as long as the node runs. */
const EXPECTED = /^Plaintext passwords detected/;

const SEVERITY: Readonly<Record<string, number>> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 };

/** Whether a line is severe enough to be shown. What is no log entry is a crash's own words. */
export function isShown(line: string, leastLevel: string): boolean {
  const level = parseEntry(line)?.['level'];
  return typeof level !== 'string' || (SEVERITY[level] ?? 1) >= (SEVERITY[leastLevel] ?? 1);
}

/** A service's line for a terminal. What is no log entry, such as the words of a crash, stays as it is. */
export function readableLine(part: string, line: string): string {
  const entry = parseEntry(line);
  if (entry === undefined) return `${''.padEnd(9)}${part.padEnd(NAME_WIDTH)}${line}`;
  const { level } = entry;
  const mark = level === 'warn' ? 'warning: ' : level === 'error' ? 'ERROR: ' : '';
  const facts = Object.entries(entry)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [`${timeOf(entry)} ${part.padEnd(NAME_WIDTH)}${mark}${entry.msg}`, ...facts, ...causeOf(entry)].join('  ');
}

/** nats-server's lines: only its problems, in the form of our own logs; undefined for the rest. */
export function natsEntry(line: string, now: Date): string | undefined {
  const [, mark, msg = ''] = NATS_PROBLEM.exec(line) ?? [];
  if (mark === undefined || EXPECTED.test(msg)) return undefined;
  return JSON.stringify({ level: mark === 'WRN' ? 'warn' : 'error', time: now.toISOString(), service: 'nats', msg });
}

function timeOf({ time }: Entry): string {
  const date = new Date(typeof time === 'string' || typeof time === 'number' ? time : Number.NaN);
  return Number.isNaN(date.getTime()) ? ''.padEnd(8) : date.toTimeString().slice(0, 8);
}

function causeOf({ err }: Entry): readonly string[] {
  if (typeof err !== 'object' || err === null) return [];
  const { stack, message } = err as { readonly stack?: unknown; readonly message?: unknown };
  return [`\n${String(stack ?? message)}`];
}
