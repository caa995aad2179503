import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { findProgram, lastLines, run } from './programs.mjs';
import { asRootHint, rootRights } from './rights.mjs';
import * as say from './say.mjs';
import { SetupError } from './setup-error.mjs';

const LOG_FILE = '/var/log/dockerd.log';
const START_LIMIT_MS = 60_000;
const RETRY_MS = 200;

// Each daemon refuses to start while its pid file names a living process, even if that is another program by now:
// the usual case after a container or machine was stopped hard.
const PID_FILES = { dockerd: '/var/run/docker.pid', containerd: '/var/run/docker/containerd/containerd.pid' };

/** Starts the machine's Docker Engine, or waits for the one that is starting already. */
export async function startDockerd(answers, signal) {
  const runsSystemd = existsSync('/run/systemd/system') && findProgram('systemctl') !== undefined;
  // The package's own start script may be at it.
  const starting = pidOf('dockerd');
  if (starting !== undefined) {
    say.doing(`waiting for the Docker Engine that is starting (dockerd, pid ${starting})`);
    return until(answers, () => isRunning(starting, 'dockerd'), 'systemctl status docker, or its log', signal);
  }
  return runsSystemd ? startService(answers, signal) : startDetached(answers, signal);
}

async function startService(answers, signal) {
  say.doing('starting the Docker Engine (systemctl start docker)');
  await runAsRoot('systemctl start docker', 'journalctl -u docker -n 30', signal);
  await until(answers, () => true, 'journalctl -u docker -n 30', signal);
}

async function startDetached(answers, signal) {
  say.doing(`starting the Docker Engine (dockerd, log in ${LOG_FILE})`);
  const stale = Object.keys(PID_FILES).filter((name) => existsSync(PID_FILES[name]) && pidOf(name) === undefined);
  const clear = stale.length > 0 ? `rm -f ${stale.map((name) => PID_FILES[name]).join(' ')}; ` : '';
  const pid = Number(
    await runAsRoot(`${clear}setsid dockerd </dev/null >>${LOG_FILE} 2>&1 & echo $!`, LOG_FILE, signal),
  );
  await until(
    answers,
    () => isRunning(pid, 'dockerd') || isRunning(pid, 'setsid') || isRunning(pid, 'sh'),
    LOG_FILE,
    signal,
  );
}

async function runAsRoot(command, whereToLook, signal) {
  const rights = await rootRights(signal);
  if (rights === undefined) {
    throw new SetupError(
      'the Docker Engine does not run, and starting it takes root',
      `type this, then run the command again:\n  ${asRootHint(command)}`,
    );
  }
  const { code, output } = await run([...rights.prefix, 'sh', '-c', command], { signal, stdin: rights.stdin });
  if (code === 0) return output;
  throw new SetupError(
    `the Docker Engine could not be started (${command})`,
    `${lastLines(output)}\nlook at ${whereToLook}`,
  );
}

async function until(answers, isAlive, whereToLook, signal) {
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await answers())) {
    if (!isAlive())
      throw new SetupError('dockerd stopped while it was starting', `${logEnd(whereToLook)}look at ${whereToLook}`);
    if (Date.now() > deadline) {
      throw new SetupError(
        `the Docker Engine did not answer within ${START_LIMIT_MS / 1000} s`,
        `${logEnd(whereToLook)}look at ${whereToLook}`,
      );
    }
    await wait(RETRY_MS, undefined, { signal });
  }
}

function logEnd(path) {
  try {
    return `${lastLines(readFileSync(path, 'utf8').trim(), 5)}\n`;
  } catch {
    return ''; // the hint names the place anyway
  }
}

function pidOf(name) {
  try {
    const pid = Number(readFileSync(PID_FILES[name], 'utf8'));
    return isRunning(pid, name) ? pid : undefined;
  } catch {
    return undefined; // no pid file, or one that we may not read: nothing known
  }
}

function isRunning(pid, name) {
  try {
    const [, command, state] = /^\d+ \((.*)\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return command === name && state !== 'Z';
  } catch {
    return false;
  }
}
