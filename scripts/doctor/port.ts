/** The gateway's port: free, or the gateway's own. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { systemCode } from '@capstan/shared/contract/errors';
import { bad, ok } from './finding.ts';
import type { Check } from './check.ts';

const ABOUT = 'port';
const LIMIT_MS = 3_000;

export const checkPort: Check = async ({ config }) => {
  const { host, port } = config.gateway;
  const at = `${host}:${port}`;
  if (port === 0) return [ok(ABOUT, 'the gateway takes any that is free')];
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return [ok(ABOUT, `${at} is free`)];
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EACCES')
      return [bad(ABOUT, `this user may not listen on ${at}`, 'take a port above 1023 (gateway.port)')];
    if (code === 'EADDRNOTAVAIL')
      return [bad(ABOUT, `this machine has no address ${host}`, 'set gateway.host to one of its own')];
    if (code !== 'EADDRINUSE') throw error;
    return [
      (await isGateway(`http://${at}`))
        ? ok(ABOUT, `the gateway runs on ${at}`)
        : bad(ABOUT, `something else listens on ${at}`, 'stop it, or take another port (gateway.port)'),
    ];
  }
};

async function isGateway(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, {
      signal: AbortSignal.timeout(LIMIT_MS),
      headers: { connection: 'close' },
    });
    const body = (await response.json()) as { status?: unknown };
    return typeof body.status === 'string';
  } catch {
    return false;
  }
}
