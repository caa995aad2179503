/** `npm run decrypt`: reads results that were encrypted to a consumer's key, and says which key to ask for. */
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CapstanError, messageOf } from '@capstan/shared/errors';
import { nodeKeyFrom, type NodeKey } from '@capstan/shared/node-key';
import { publicKeyOf } from '@capstan/shared/seal';
import { unsealFile } from '@capstan/shared/sealed-file';

const USAGE = `usage: npm run -s decrypt -- public-key
       npm run -s decrypt -- FILE TO

Decrypts a result with the private key in WALLET_KEY; public-key prints what to give a job as output.encryptTo.
FILE may be - for stdin. TO appears only when all of FILE was there and unchanged.`;

const [from, to] = process.argv.slice(2);
try {
  if (from === undefined || from === 'help') console.log(USAGE);
  else if (from === 'public-key') console.log(publicKeyOf(walletKey()));
  else if (to === undefined) throw new CapstanError('BAD_REQUEST', USAGE);
  else await decryptFile(from, to, walletKey());
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}

async function decryptFile(source: string, target: string, key: NodeKey): Promise<void> {
  const temporary = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    const sealed = source === '-' ? process.stdin : createReadStream(source);
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
