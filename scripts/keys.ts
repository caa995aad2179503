/** `npm run keys`: which key the node has, and another one in its place. */
import { join } from 'node:path';
import { configOfProcess, dataPaths, nodeKeyOf } from '@capstan/shared/config/process';
import type { Config } from '@capstan/shared/config/schema';
import { newNodeKeyText, nodeKeyFrom, OLD_KEYS } from '@capstan/shared/crypto/node-key';
import { publicKeyOf } from '@capstan/shared/crypto/seal';
import { addressOf } from '../services/gateway/src/identity.ts';
import { keepOldKey, makeKey, rotateKey, writeKey } from './keys/rotate.ts';
import { readCommandLine } from './parts/command-line.ts';
import { givingTo, ownerToGiveTo } from './parts/give-to-owner.ts';

const USAGE = `usage: npm run keys -- show | rotate [--stolen] | new

  show     the node's address and public key, and the addresses that it had
  rotate   a new key. The old one is kept and still opens what was encrypted to it: assets, waiting jobs, notifications. Orders whose fee it signed
           count until their time is over. Restart gateway and runner together afterwards: npm start does, in containers see docs/keys.md
           --stolen: somebody else has it. It opens what it opened, and nothing that it signs counts any more, orders that were paid with its fees included
  new      a key where the old one was lost; what was encrypted to that stays unreadable`;

const { values, positionals } = readCommandLine(USAGE, {
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' }, stolen: { type: 'boolean' } },
});
const [command = 'help'] = positionals;

if (values.help || !['show', 'rotate', 'new'].includes(command)) {
  console.log(USAGE);
  process.exitCode = values.help || command === 'help' ? 0 : 2;
} else {
  try {
    console.log(await run());
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

async function run(): Promise<string> {
  const config = configOfProcess();
  const owner = await ownerToGiveTo(config.dataDir);
  const made = [dataPaths(config).nodeKey, nextKeyOf(config), join(config.dataDir, OLD_KEYS)];
  return givingTo(owner, made, () => work(config));
}

function nextKeyOf({ dataDir }: Config): string {
  return join(dataDir, 'node.key.next');
}

async function work(config: Config): Promise<string> {
  const { nodeKey } = dataPaths(config);
  if (command === 'new') {
    if (config.nodeKey !== undefined) throw new Error('The key of this node is a setting: give it another value.');
    return `The node's address is ${await makeKey(nodeKey)} from its next start on.`;
  }
  if (command === 'show') {
    const key = await nodeKeyOf(config);
    const older = key.older().map((each) => `\nbefore      ${addressOf(each)}${each.isStolen() ? ', stolen' : ''}`);
    return `address     ${addressOf(key)}\npublic key  ${publicKeyOf(key)}${older.join('')}`;
  }
  const leaving = { isStolen: values.stolen === true };
  const file = process.env['CAPSTAN_NODE_KEY_FILE'] ?? (config.nodeKey === undefined ? nodeKey : undefined);
  if (file !== undefined) {
    if (config.nodeKey === undefined) await nodeKeyOf(config);
    const { before, now } = await rotateKey(file, new Date(), leaving);
    return `${before} is kept in ${OLD_KEYS}, ${now} counts from the next start on. Restart gateway and runner together, and make a new backup.`;
  }
  // A value of a setting is not ours to change.
  await keepOldKey(join(config.dataDir, OLD_KEYS), nodeKeyFrom(config.nodeKey ?? ''), new Date(), leaving);
  const next = nextKeyOf(config);
  const text = newNodeKeyText();
  await writeKey(next, text);
  return `The key of now is kept in ${join(config.dataDir, OLD_KEYS)}. A new one is in ${next}, with the address ${addressOf(nodeKeyFrom(text))}: make it the value of nodeKey (CAPSTAN_NODE_KEY) for gateway and runner, restart both together, and delete that file.`;
}
