/** Servers whose certificate nobody has issued whom programs know. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';

interface OwnCertificate {
  /** Paths of files. */
  readonly certificate: string;
  readonly key: string;
}

/** For localhost, signed by itself. */
export function makeOwnCertificate(dir: string): OwnCertificate {
  const [certificate, key] = [join(dir, 'localhost.pem'), join(dir, 'localhost.key')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const about = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...about, '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  });
  return { certificate, key };
}

export interface OwnServer extends AsyncDisposable {
  readonly port: number;
  /** The path of its file. */
  readonly certificate: string;
}

/** Answers on localhost over TLS. */
export async function serveWithOwnCertificate(answer: RequestListener): Promise<OwnServer> {
  await using releases = new AsyncDisposableStack();
  const { path } = releases.use(await temporaryFolder('certificate'));
  const { certificate, key } = makeOwnCertificate(path);
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  releases.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const kept = releases.move();
  return {
    port: (server.address() as AddressInfo).port,
    certificate,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
