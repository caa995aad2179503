/** `npm run decrypt`: reads results that were encrypted to a consumer's key, and says which key to ask for. */
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import { nodeKeyFrom, type NodeKey } from '@capstan/shared/crypto/node-key';
import { publicKeyOf } from '@capstan/shared/crypto/seal';
import { unsealFile } from '@capstan/shared/crypto/sealed-file';
import { readCommandLine } from './parts/command-line.ts';

const USAGE = `usage: npm run -s decrypt -- public-key
       npm run -s decrypt -- FILE TO

Decrypts a result with the private key in WALLET_KEY; public-key prints what to give a job as output.encryptTo.
FILE may be - for stdin, and TO - for stdout. A file TO appears only when all of FILE was there and unchanged; of what goes to
stdout each part is checked before it is written, and the exit code says whether it was all.`;

const { values, positionals } = readCommandLine(USAGE, {
  options: { help: { type: 'boolean', short: 'h', default: false } },
  allowPositionals: true,
});
const [from, to, ...more] = positionals;
try {
  if (values.help || from === undefined || from === 'help') console.log(USAGE);
  else if (from === 'public-key') console.log(publicKeyOf(walletKey()));
  else if (to === undefined || more.length > 0) throw new CapstanError('BAD_REQUEST', USAGE);
  else await decryptFile(from, to, walletKey());
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}

async function decryptFile(source: string, target: string, key: NodeKey): Promise<void> {
  const sealed = source === '-' ? process.stdin : createReadStream(source);
  if (target === '-') return pipeline(unsealFile(key, sealed), process.stdout);
  const temporary = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    await pipeline(unsealFile(key, sealed), createWriteStream(temporary, { flags: 'wx', mode: 0o600 }));
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function walletKey(): NodeKey {
  const hex = process.env['WALLET_KEY'];
  if (hex !== undefined && /^(0x)?[0-9a-fA-F]{64}$/.test(hex)) return nodeKeyFrom(hex);
  throw new CapstanError(
    'BAD_REQUEST',
    'WALLET_KEY must hold a private key: export WALLET_KEY=$(npm run -s sign -- new)',
  );
}
