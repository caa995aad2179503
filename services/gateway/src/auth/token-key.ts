/** The key that tokens are signed with, made at the first start. */
import { randomBytes } from 'node:crypto';
import { loadOrCreateSecret } from '@capstan/shared/crypto/secret-file';

export async function tokenKeyOf(path: string): Promise<Buffer> {
  const text = await loadOrCreateSecret(path, () => randomBytes(32).toString('hex'));
  return Buffer.from(text.trim(), 'hex');
}
