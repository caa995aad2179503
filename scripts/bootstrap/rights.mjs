import { findProgram, run } from './programs.mjs';

/**
 * How this process may act as root: the words to put before a command, and whether it must read a password.
 * Undefined when there is no way.
 */
export async function rootRights(signal) {
  if (process.getuid?.() === 0) return { prefix: [], stdin: 'ignore' };
  if (findProgram('sudo') === undefined) return undefined;
  const { code } = await run(['sudo', '-n', 'true'], { signal });
  if (code === 0) return { prefix: ['sudo', '-n'], stdin: 'ignore' };
  // sudo asks on the terminal itself, whatever its output is tied to.
  return process.stdin.isTTY ? { prefix: ['sudo'], stdin: 'inherit' } : undefined;
}

/** What a person types to do `command` with the right we lack. */
export function asRootHint(command) {
  if (process.getuid?.() === 0) return command;
  return findProgram('sudo') === undefined ? `su -c ${quote(command)}` : `sudo sh -c ${quote(command)}`;
}

function quote(command) {
  return `'${command.replaceAll("'", `'\\''`)}'`;
}
