/**
 * What the containers of docker-compose.yml need before they start: keys, passwords, and volumes that belong to the one who writes
 * them. Whatever is there stays as it is, so that it may run before every start.
 */
import { randomBytes } from 'node:crypto';
import { chmod, chown, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from '@capstan/shared/runtime/names-in-folder';
import { loadOrCreateNodeKey, nodeKeyFrom, OLD_KEYS } from '@capstan/shared/crypto/node-key';
import { loadOrCreateSecret } from '@capstan/shared/crypto/secret-file';
import { addressOf } from '../../services/gateway/src/identity.ts';
import { keepOldKey, rotateKey, writeKey } from '../keys/rotate.ts';

/** As in docker-compose.yml. */
const GATEWAY = 10_000;
const NATS = 10_002;
const ROOT = 0;

const [volumes, option, keyFile] = process.argv.slice(2);
if (volumes === undefined || volumes.startsWith('-')) {
  console.error(
    'usage: node scripts/compose/setup.ts <folder in which the volumes are mounted> [--rotate-key | --rotate-stolen-key | --key <file>]',
  );
  process.exit(2);
}
const at = (...path: string[]) => join(volumes, ...path);

/** Only its owner may read it. */
async function give(path: string, uid: number, gid: number, mode: number): Promise<void> {
  await chmod(path, mode);
  await chown(path, uid, gid);
}

const newPassword = () => randomBytes(24).toString('hex');
const gatewayPassword = await loadOrCreateSecret(at('gateway-secrets', 'nats-password'), newPassword);
const runnerPassword = await loadOrCreateSecret(at('runner-secrets', 'nats-password'), newPassword);
const adminPassword = await loadOrCreateSecret(at('gateway-secrets', 'nats-admin-password'), newPassword);
// Written each time: a broker of an older version knew fewer users.
await rm(at('nats-secrets', 'passwords.conf'), { force: true });
await writeFile(
  at('nats-secrets', 'passwords.conf'),
  [
    `ADMIN_PASSWORD: "${adminPassword.trim()}"`,
    `GATEWAY_PASSWORD: "${gatewayPassword.trim()}"`,
    `RUNNER_PASSWORD: "${runnerPassword.trim()}"`,
    '',
  ].join('\n'),
  { mode: 0o400 },
);
// Gateway and runner are the same node: what is encrypted to it, both must be able to name, and the runner to open.
const nodeKey = at('gateway-secrets', 'node.key');
await loadOrCreateNodeKey(nodeKey);
if (option === '--rotate-key' || option === '--rotate-stolen-key') {
  const leaving = { isStolen: option === '--rotate-stolen-key' };
  const { before, now } = await rotateKey(nodeKey, new Date(), leaving);
  console.log(`the node was ${before}, and is ${now} once gateway and runner are started again`);
}
if (option === '--key' && keyFile !== undefined) {
  // What was sealed to the key that there was is opened as before.
  await keepOldKey(at('gateway-secrets', OLD_KEYS), await loadOrCreateNodeKey(nodeKey), new Date());
  const given = nodeKeyFrom(await readFile(keyFile, 'utf8'));
  await writeKey(nodeKey, `0x${given.secret().toString('hex')}\n`);
  console.log(`the node is ${addressOf(given)} once gateway and runner are started again`);
}
await copyFile(nodeKey, at('runner-secrets', 'node.key'));
const oldKeys = (await namesIn(at('gateway-secrets', OLD_KEYS))).filter((name) => name.endsWith('.key'));
for (const folder of ['gateway-secrets', 'runner-secrets']) await mkdir(at(folder, OLD_KEYS), { recursive: true });
for (const name of oldKeys) await copyFile(at('gateway-secrets', OLD_KEYS, name), at('runner-secrets', OLD_KEYS, name));

await give(at('nats-secrets'), NATS, NATS, 0o500);
await give(at('nats-secrets', 'passwords.conf'), NATS, NATS, 0o400);
for (const [folder, uid] of [
  ['gateway-secrets', GATEWAY],
  ['runner-secrets', ROOT],
] as const) {
  const files = ['nats-password', 'node.key', ...oldKeys.map((name) => join(OLD_KEYS, name))];
  for (const file of files) await give(at(folder, file), uid, uid, 0o400);
  await give(at(folder, OLD_KEYS), uid, uid, 0o500);
  if (uid === GATEWAY) await give(at(folder, 'nats-admin-password'), uid, uid, 0o400);
  await give(at(folder), uid, uid, 0o500);
}
await give(at('broker'), NATS, NATS, 0o700);
await give(at('gateway'), GATEWAY, GATEWAY, 0o700);
await give(at('catalogue'), GATEWAY, GATEWAY, 0o750);
// Its files are the data that the node is there to protect.
await mkdir(at('catalogue', 'files'), { recursive: true });
await give(at('catalogue', 'files'), GATEWAY, GATEWAY, 0o750);
await give(at('runner'), ROOT, ROOT, 0o700);
// The runner writes results; the gateway reads them, and deletes them with their job.
await give(at('results'), ROOT, GATEWAY, 0o2770);
for (const mountPoint of ['results', 'catalogue']) {
  await mkdir(at('gateway', mountPoint), { recursive: true });
  await mkdir(at('runner', mountPoint), { recursive: true });
}
console.log('keys, passwords and volumes are in place');
