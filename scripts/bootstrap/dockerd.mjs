import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { findProgram, lastLines, run } from './programs.mjs';
import { asRootHint, rootRights } from './rights.mjs';
import * as say from './say.mjs';
import { SetupError } from './setup-error.mjs';

const LOG_FILE = '/var/log/dockerd.log';
const START_LIMIT_MS = 60_000;
const RETRY_MS = 200;
// dockerd gives its containerd 15 s to answer, too little on a machine whose disk is busy, and stops then.
const STARTS = 3;
const PAUSE_MS = 2_000;

// Each daemon refuses to start while its pid file names a living process, even if that is another program by now:
// the usual case after a container or machine was stopped hard.
// containerd is known by its configuration file too: private engines have containerds of their own.
const DAEMONS = {
  dockerd: { pidFile: '/var/run/docker.pid', argument: '' },
  containerd: {
    pidFile: '/var/run/docker/containerd/containerd.pid',
    argument: '/var/run/docker/containerd/containerd.toml',
  },
};

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
  let stale = Object.keys(DAEMONS).filter((name) => pidOf(name) === undefined);
  for (let tries = STARTS; ; tries -= 1) {
    try {
      return await startOnce(stale, answers, signal);
    } catch (error) {
      if (!(error instanceof StoppedAtStart) || tries === 1) throw error;
      // A containerd that lives and does not answer dockerd is of no use, or another engine's.
      stale = Object.keys(DAEMONS);
      say.doing('dockerd stopped while it was starting: trying it again');
      await wait(PAUSE_MS, undefined, { signal });
    }
  }
}

async function startOnce(stale, answers, signal) {
  const files = stale.map((name) => DAEMONS[name].pidFile).filter((file) => existsSync(file));
  const clear = files.length > 0 ? `rm -f ${files.join(' ')}; ` : '';
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
    if (!isAlive()) {
      throw new StoppedAtStart('dockerd stopped while it was starting', `${logEnd(whereToLook)}look at ${whereToLook}`);
    }
    if (Date.now() > deadline) {
      throw new SetupError(
        `the Docker Engine did not answer within ${START_LIMIT_MS / 1000} s`,
        `${logEnd(whereToLook)}look at ${whereToLook}`,
      );
    }
    await wait(RETRY_MS, undefined, { signal });
  }
}

class StoppedAtStart extends SetupError {}

// dockerd writes some twenty lines about its connections (level=info) around the one that says why it stopped.
function logEnd(path) {
  try {
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    const telling = lines.filter((line) => !/\blevel=(info|debug)\b|\[core\]/.test(line));
    return `${lastLines(telling.join('\n'), 5)}\n`;
  } catch {
    return ''; // the hint names the place anyway
  }
}

function pidOf(name) {
  try {
    const pid = Number(readFileSync(DAEMONS[name].pidFile, 'utf8'));
    return isRunning(pid, name) && commandLine(pid).includes(DAEMONS[name].argument) ? pid : undefined;
  } catch {
    return undefined; // no pid file, or one that we may not read: nothing known
  }
}

function commandLine(pid) {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}

function isRunning(pid, name) {
  try {
    const [, command, state] = /^\d+ \((.*)\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return command === name && state !== 'Z';
  } catch {
    return false;
  }
}
