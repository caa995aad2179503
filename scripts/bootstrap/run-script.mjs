import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { findProgram, withDaemonFolders } from './programs.mjs';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
// Ctrl-C reaches us twice under npm: from the terminal and from npm. A person who means it twice takes longer.
const SAME_PRESS_MS = 500;

// Whoever kills npm outright means the node, too. No event tells that a parent is gone. Without npm, the parent is a shell or a service
// manager, and one that goes away (`nohup`, a terminal that closes, a manager that starts itself anew) means nothing of the kind.
const PARENT = process.env.npm_lifecycle_event === undefined ? undefined : process.ppid;
const PARENT_CHECK_MS = 1_000;

/**
 * Runs the script to its end and returns its exit code, or 128 + n if signal n ended it.
 *
 * It runs in a process group of its own, so a terminal's Ctrl-C comes to us alone and we pass it on, once.
 */
export async function runScript({ node, script, args, root }) {
  const [program, ...words] = [...endsWithUs(), node, script, ...args];
  const child = spawn(program, words, {
    cwd: root,
    env: withDaemonFolders(process.env),
    stdio: 'inherit',
    detached: true,
  });
  const forwarded = new Map();
  const forward = (signal) => {
    const now = performance.now();
    if (now - (forwarded.get(signal) ?? -Infinity) < SAME_PRESS_MS) return;
    forwarded.set(signal, now);
    child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  const watching = PARENT === undefined ? undefined : setInterval(endWithParent, PARENT_CHECK_MS);
  function endWithParent() {
    if (process.ppid === PARENT) return;
    clearInterval(watching);
    child.kill('SIGTERM');
  }
  const [code, signal] = await once(child, 'exit');
  clearInterval(watching);
  return code ?? 128 + constants.signals[signal];
}

// If we are killed outright, the script is told to end: its group is its own, nobody else would tell it.
function endsWithUs() {
  const setpriv = findProgram('setpriv');
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'TERM', '--'];
}
