// Makes sure of everything a command needs, then runs it. Plain JavaScript without dependencies: it must work on a
// fresh clone, on the Node that the machine has.

import { constants } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bringUp } from './bootstrap/bring-up.mjs';
import { browser } from './bootstrap/browser.mjs';
import { clientPrograms } from './bootstrap/client-programs.mjs';
import { compose } from './bootstrap/compose.mjs';
import { useNamedEngine } from './bootstrap/engine-api.mjs';
import { demoImage } from './bootstrap/demo-image.mjs';
import { dockerEngine } from './bootstrap/docker.mjs';
import { isAskedForHelp } from './bootstrap/help-asked.mjs';
import { natsServer } from './bootstrap/nats.mjs';
import { faketime } from './bootstrap/faketime.mjs';
import { findNode24 } from './bootstrap/node-24.mjs';
import { nodeModules } from './bootstrap/node-modules.mjs';
import { pythonLibraries } from './bootstrap/python-libraries.mjs';
import { registry } from './bootstrap/registry.mjs';
import { runScript } from './bootstrap/run-script.mjs';
import * as say from './bootstrap/say.mjs';
import { SetupError } from './bootstrap/setup-error.mjs';
import { proxies } from './bootstrap/proxies.mjs';
import { wrk } from './bootstrap/wrk.mjs';
import { xfs } from './bootstrap/xfs.mjs';

const OLDEST_NODE = [20, 19];

const COMMANDS = {
  demo: {
    does: 'start a node on this machine and run a first job on it',
    needs: [nodeModules, natsServer, dockerEngine, demoImage],
    script: 'scripts/demo.ts',
  },
  start: {
    does: 'start a node with your own capstan.yaml',
    needs: [nodeModules, natsServer, dockerEngine],
    script: 'scripts/start.ts',
  },
  test: {
    does: 'run all tests; --engine <socket>: on that engine',
    canNameEngine: true,
    needs: [
      nodeModules,
      natsServer,
      dockerEngine,
      demoImage,
      clientPrograms,
      compose,
      registry,
      pythonLibraries,
      xfs,
      faketime,
      browser,
      proxies,
    ],
    script: 'scripts/test.ts',
  },
  catalogue: {
    does: 'look after the catalogue of assets',
    needs: [nodeModules],
    script: 'scripts/catalogue.ts',
  },
  doctor: {
    does: 'look whether a node can work well on this machine',
    needs: [nodeModules],
    script: 'scripts/doctor.ts',
  },
  'broker-setup': {
    does: 'make on NATS what a node needs, for a gateway that may not',
    needs: [nodeModules],
    script: 'scripts/broker-setup.ts',
  },
  backup: {
    does: 'copy what the node keeps, also while it runs',
    needs: [nodeModules],
    script: 'scripts/backup.ts',
  },
  move: {
    does: 'move jobs that wait for one environment to another one',
    needs: [nodeModules],
    script: 'scripts/move.ts',
  },
  uninstall: {
    does: 'take the node off this machine; says what it would remove first',
    needs: [nodeModules],
    script: 'scripts/uninstall.ts',
  },
  restore: {
    does: 'bring back what a backup holds',
    needs: [nodeModules],
    script: 'scripts/restore.ts',
  },
  keys: {
    does: "show the node's key, or give it a new one",
    needs: [nodeModules],
    script: 'scripts/keys.ts',
  },
  'chaos-store': {
    does: 'kill a process that commits, a thousand times, and look whether the store lost anything',
    needs: [nodeModules],
    script: 'test/chaos/kill-store.ts',
  },
  chaos: {
    does: 'break a real node in many ways while consumers work with it, and audit what came of it',
    needs: [nodeModules, natsServer, dockerEngine, demoImage, faketime],
    script: 'test/chaos/main.ts',
  },
  audit: {
    does: 'audit what a run of chaos has kept',
    needs: [nodeModules],
    script: 'test/chaos/audit-main.ts',
  },
  'bench-live': {
    does: 'measure how soon subscribers know, one, a thousand and ten thousand of them',
    needs: [nodeModules, natsServer, dockerEngine, demoImage],
    script: 'test/bench/live.ts',
  },
  'bench-overhead': {
    does: 'measure what the node adds to a job',
    needs: [nodeModules, natsServer, dockerEngine, demoImage],
    script: 'test/bench/overhead.ts',
  },
  'bench-throughput': {
    does: 'measure how many jobs a second the node carries out',
    needs: [nodeModules, natsServer, dockerEngine, demoImage],
    script: 'test/bench/throughput.ts',
  },
  simulate: {
    does: 'search schedules of crashes, cuts and losses for one that breaks a rule',
    needs: [nodeModules],
    script: 'test/simulation/main.ts',
  },
  'bench-logs': {
    does: 'measure how fast ten clients follow the log of one job',
    needs: [nodeModules, natsServer, dockerEngine, demoImage],
    script: 'test/bench/logs.ts',
  },
  'bench-data': {
    does: 'measure how fast large files come into jobs and out of them',
    needs: [nodeModules, natsServer, dockerEngine, demoImage],
    script: 'test/bench/data.ts',
  },
  'bench-poll': {
    does: 'measure how fast statuses are read, with a thousand and a million jobs',
    needs: [nodeModules, wrk],
    script: 'test/bench/poll.ts',
  },
  'bench-refusals': {
    does: 'send all kinds of nonsense to every route, and measure how long each holds up everybody else',
    needs: [nodeModules],
    script: 'test/bench/refusals.ts',
  },
  'bench-submit': {
    does: 'measure how fast signed orders are accepted durably',
    needs: [nodeModules, wrk],
    script: 'test/bench/submit.ts',
  },
  screenshots: {
    does: 'take the pictures of the page that the docs show',
    needs: [nodeModules, browser],
    script: 'scripts/screenshots.ts',
  },
  modules: {
    does: 'only install node_modules',
    needs: [nodeModules],
  },
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name, ...args] = process.argv.slice(2);

if (name === '--help' || name === '-h' || name === 'help') console.log(help());
else if (!Object.hasOwn(COMMANDS, name ?? '')) refuse(name);
else await main(COMMANDS[name]);

async function main({ needs, script, canNameEngine = false }) {
  const stopped = new AbortController();
  const stop = (signal) => {
    process.exitCode = 128 + constants.signals[signal];
    stopped.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, stop);
  try {
    checkOwnNode();
    if (canNameEngine) useNamedEngine(args);
    const context = { root, signal: stopped.signal };
    // A usage text neither installs an engine nor starts one.
    await bringUp(isAskedForHelp(args) ? needs.filter((part) => part === nodeModules) : needs, context);
    if (script === undefined) return;
    const node = await findNode24(context);
    for (const signal of signals) process.off(signal, stop);
    process.exitCode = await runScript({ node, script, args, root });
  } catch (error) {
    if (stopped.signal.aborted) return say.failed('stopped; run the command again to go on');
    if (!(error instanceof SetupError)) throw error;
    say.failed(error.message, error.hint);
    process.exitCode = 1;
  }
}

function checkOwnNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old`,
    `install Node ${OLDEST_NODE.join('.')} or newer (https://nodejs.org/en/download), then run the command again`,
  );
}

function refuse(unknown) {
  say.failed(unknown === undefined ? 'which command?' : `no such command: ${unknown}`, help());
  process.exitCode = 2;
}

function help() {
  const rows = Object.entries(COMMANDS).map(([command, { does, needs }]) => {
    return `  ${command.padEnd(15)} ${does}\n${' '.repeat(18)}needs ${needs.map((part) => part.name).join(', ')}`;
  });
  return `usage: node scripts/bootstrap.mjs <command> [arguments for the command]

Makes sure of what the command needs, installs or starts what is missing, then runs it with Node 24.
All of it may be repeated; when nothing is missing it adds well under a second.

${rows.join('\n')}

Where the parts come from
  node_modules   npm ci, whenever package-lock.json changed; brings Node 24 along
  nats-server    the one on PATH, else apt-get install nats-server
  Docker Engine  DOCKER_HOST or /var/run/docker.sock, else apt-get install docker.io iptables;
                 started by systemd, or as a detached dockerd with its log in /var/log/dockerd.log
  curl, python3, docker-compose, docker-registry
                 the ones on PATH, else apt-get install
  pandas, matplotlib
                 Debian's for its own Python, else apt-get install
  chromium       the one on PATH (or Chrome), else apt-get install
  image          built from Node 24 and busybox of this machine (apt-get install busybox-static), no registry

Installing and starting take root: directly, or with sudo. Where that can't be had, you are told what to type.`;
}
