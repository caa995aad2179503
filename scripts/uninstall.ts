/** `npm run uninstall`: takes the node off this machine. Says what it would remove, and does it only when it is told to. */
import { configOfProcess, dataPaths } from '@capstan/shared/config/process';
import { counted } from '@capstan/shared/contract/counted';
import { messageOf } from '@capstan/shared/contract/errors';
import { isListening } from '@capstan/shared/runtime/is-listening';
import { readCommandLine } from './parts/command-line.ts';
import { findAll, type Found } from './uninstall/found.ts';
import { removeFound } from './uninstall/remove.ts';

const USAGE = `usage: npm run uninstall [-- options]

Says what this node, the one of the settings here, has on this machine, and removes it with --yes. Stop the node first: it is refused as
long as its gateway or its runner is at work in the data folder.

  --yes    remove it: containers, volumes and networks of its jobs, images that it pulled and nobody else uses, and the one that gives jobs
           a network
  --force  though one is at work: it loses the jobs that run
  --data   the data folder too: store, results, catalogue, and the node's key, without which nothing that was encrypted to it is ever
           opened again. No backup is made (npm run backup)
  --help   this text

What other nodes on the same engine have is not touched.`;

const { values } = readCommandLine(USAGE, {
  options: {
    yes: { type: 'boolean', default: false },
    data: { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) console.log(USAGE);
else {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}

async function main(): Promise<number> {
  const config = configOfProcess();
  const { dataDir } = config;
  const socketPath = config.runner.dockerSocket;
  const { control, atWork } = dataPaths(config);
  if (!values.force) {
    if (await isListening(control)) throw stillAtWork('The node runs');
    if (await isListening(atWork)) throw stillAtWork('The runner of this data folder is at work');
  }
  const found = await findAll(config);
  console.log(described(found, dataDir, config.results.kind));
  if (!values.yes) {
    console.log('\nNothing was removed. With --yes it is, with --yes --data the data folder too.');
    return 0;
  }
  if (isNothing(found, values.data)) {
    console.log('\nThere was nothing to remove.');
    return 0;
  }
  const stayed = await removeFound(found, { dataDir, socketPath, hasData: values.data });
  if (stayed.length === 0) {
    const isThere = !values.data && found.files.length > 0;
    console.log(`\nRemoved${isThere ? `; ${dataDir} is still there` : ''}.`);
    return 0;
  }
  console.error(`\nRemoved, but for:\n${stayed.map((each) => `  ${each}`).join('\n')}`);
  return 1;
}

function stillAtWork(what: string): Error {
  return new Error(
    `${what}: stop it first (Ctrl-C, systemctl stop, or docker compose stop), or say --force. Nothing was removed.`,
  );
}

function isNothing({ containers, volumes, networks, images, helpers, files }: Found, hasData: boolean): boolean {
  return [containers, volumes, networks, images, helpers, hasData ? files : []].every((each) => each.length === 0);
}

function described(found: Found, dataDir: string, results: string): string {
  const listed = (names: readonly string[], noun: string, which: string) =>
    names.length === 0
      ? []
      : [`  ${counted(names.length, noun)} ${which}: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`];
  const going = [
    ...listed(found.containers, 'container', 'of its jobs, running or not'),
    ...listed(found.volumes, 'volume', 'of its jobs'),
    ...listed(found.networks, 'network', 'of its jobs'),
    ...listed(found.images, 'image', 'that it pulled, unless a container needs it'),
    ...listed(found.helpers, 'image', 'for the network of its jobs'),
  ];
  const data = found.files.length === 0 ? 'is empty, or not there' : found.files.join(', ');
  return [
    `Of this node on this machine${found.node === undefined ? '' : ` (mark ${found.node})`}:`,
    ...(going.length > 0 ? going : ['  nothing in the container engine']),
    `  ${values.yes && values.data ? 'the data folder' : 'only with --data:'} ${dataDir} (${data})`,
    'What stays:',
    ...(found.foreign.length > 0 ? [`  in ${dataDir}, not of the node: ${found.foreign.join(', ')}`] : []),
    ...listed(
      found.unmarked,
      'container',
      'of jobs of an earlier release, of this node or another (docker ps --all --filter label=capstan.runner)',
    ),
    ...(results === 'folder' ? [] : [`  the results in ${results}`]),
    '  settings (capstan.yaml, variables), backups, the service unit and its user, this checkout',
    '  images that the set-up made (localhost/capstan/…), and packages that it installed (docker.io, nats-server)',
  ].join('\n');
}
