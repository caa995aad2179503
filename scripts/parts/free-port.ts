/** A TCP port of this machine that nobody listens on right now. */
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { systemCode } from '@capstan/shared/contract/errors';

/**
 * Below those that systems give to outgoing connections (from 32768 on Linux): what is free now must still be so when its user comes to
 * listen. By chance, so that those who look beside us look elsewhere.
 */
const FROM = 10_000;
const BELOW = 32_000;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FROM, BELOW);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (['EADDRINUSE', 'EACCES'].includes(systemCode(error) ?? '')) return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
