/**
 * What the containers of docker-compose.yml need before they start: keys, passwords, and volumes that belong to the one who writes
 * them. Whatever is there stays as it is, so that it may run before every start.
 */
import { randomBytes } from 'node:crypto';
import { chmod, chown, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOrCreateNodeKey } from '@capstan/shared/node-key';
import { loadOrCreateSecret } from '@capstan/shared/secret-file';

/** As in docker-compose.yml. */
const GATEWAY = 10_000;
const NATS = 10_002;
const ROOT = 0;

const [volumes] = process.argv.slice(2);
if (volumes === undefined || volumes.startsWith('-')) {
  console.error('usage: node scripts/compose/setup.ts <folder in which the volumes are mounted>');
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
await loadOrCreateSecret(
  at('nats-secrets', 'passwords.conf'),
  () => `GATEWAY_PASSWORD: "${gatewayPassword}"\nRUNNER_PASSWORD: "${runnerPassword}"\n`,
);
// Gateway and runner are the same node: what is encrypted to it, both must be able to name, and the runner to open.
await loadOrCreateNodeKey(at('gateway-secrets', 'node.key'));
await copyFile(at('gateway-secrets', 'node.key'), at('runner-secrets', 'node.key'));

await give(at('nats-secrets'), NATS, NATS, 0o500);
await give(at('nats-secrets', 'passwords.conf'), NATS, NATS, 0o400);
for (const [folder, uid] of [
  ['gateway-secrets', GATEWAY],
  ['runner-secrets', ROOT],
] as const) {
  for (const file of ['nats-password', 'node.key']) await give(at(folder, file), uid, uid, 0o400);
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
