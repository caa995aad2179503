/** The proxies of docs/proxies.md as they stand there, with the ports, addresses and certificates of a test. */
import { chmodSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { freePort } from '../../scripts/parts/free-port.ts';
import { startProgram } from '../../scripts/parts/program.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { makeOwnCertificate } from './own-certificate.ts';

export const PROXIES = ['nginx', 'Caddy'] as const;
export type ProxyName = (typeof PROXIES)[number];

interface ProxyOptions {
  readonly name: ProxyName;
  /** Host and port of the node. */
  readonly node: string;
  /** Changes the configuration that the docs show. */
  readonly bend?: (text: string) => string;
}

export interface Proxy extends AsyncDisposable {
  /** Of the proxy itself, without a path. */
  readonly origin: string;
}

const PAGE = new URL('../../docs/proxies.md', import.meta.url);

/** The configuration below the heading of a proxy. */
function shown(name: ProxyName): string {
  const [, text] =
    new RegExp(`^## ${name}\\n+\`\`\`\\w*\\n([^]*?)^\`\`\`$`, 'm').exec(readFileSync(PAGE, 'utf8')) ?? [];
  if (text === undefined) throw new Error(`docs/proxies.md shows no configuration of ${name}`);
  return text;
}

/** What each says once it listens. */
const READY: Readonly<Record<ProxyName, RegExp>> = {
  nginx: /start worker process /,
  Caddy: /serving initial configuration/,
};
const LIMIT_MS = 60_000;

export async function startProxy({ name, node, bend = (text) => text }: ProxyOptions): Promise<Proxy> {
  await using releases = new AsyncDisposableStack();
  const { path: dir } = releases.use(await temporaryFolder('proxy'));
  const port = await freePort();
  const { certificate, key } = makeOwnCertificate(dir);
  // This process believes it from now on.
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(certificate, 'utf8')]);
  // The workers of nginx run as somebody else.
  chmodSync(dir, 0o755);
  const text = bend(shown(name)).replaceAll('127.0.0.1:8030', node);
  const file = join(dir, name === 'nginx' ? 'nginx.conf' : 'Caddyfile');
  const command =
    name === 'nginx'
      ? ['nginx', '-c', file, '-p', dir, '-g', 'daemon off;']
      : ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'];
  await writeFile(
    file,
    name === 'nginx'
      ? nginxWhole(
          dir,
          text
            .replace('listen 443 ssl', `listen ${port} ssl`)
            .replace('/etc/ssl/node.example.pem', certificate)
            .replace('/etc/ssl/node.example.key', key),
        )
      : `{\n  admin off\n  auto_https disable_redirects\n}\n${text.replace('node.example {', `https://localhost:${port} {\n  tls ${certificate} ${key}`)}`,
  );
  const [program = '', ...args] = command;
  const running = await startProgram({
    name,
    command: [program, ...args],
    environment: { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
    workingDir: dir,
  });
  releases.defer(async () => void (await running.stop()));
  await running.until({
    match: (line) => (READY[name].test(line) ? line : undefined),
    what: 'word that it listens',
    limitMs: LIMIT_MS,
  });
  const kept = releases.move();
  return { origin: `https://localhost:${port}`, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const nginxWhole = (dir: string, servers: string) => `
error_log stderr notice;
pid ${dir}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  ${servers}
}
`;
