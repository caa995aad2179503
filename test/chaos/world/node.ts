/** The node that is treated badly: real NATS behind a proxy for each of the two services, which are brought back when they end, as a service manager does. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import { freePort } from '../../../scripts/parts/free-port.ts';
import { withoutSettings } from '../../../scripts/parts/node.ts';
import { startNats, wipeNats, type Nats } from '../../../scripts/parts/nats.ts';
import type { Exit } from '../../../scripts/parts/program.ts';
import { startService, untilReady, type RunningService, type ServiceName } from '../../../scripts/parts/service.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { DEMO_IMAGE_ALLOWED } from '../../../scripts/demo/assets.ts';

export interface ChaosNode extends AsyncDisposable {
  readonly url: string;
  readonly dataDir: string;
  readonly environment: EnvironmentId;
  /** Between each service and NATS. */
  readonly links: Readonly<Record<ServiceName, TcpProxy>>;
  readonly nats: { readonly url: string; readonly user: string; readonly password: string };
  /** Ends it at once; it stays away until it is brought back. */
  kill(name: ServiceName): Promise<void>;
  /** Asks it to end, as often as said. */
  terminate(name: ServiceName, times: 1 | 2): Promise<Exit>;
  /** Resolves, when it works, to how long its last start took. */
  bringBack(name: ServiceName, variables?: Readonly<Record<string, string>>): Promise<number>;
  /** Another one of its kind beside it, as a second one that somebody starts by mistake. */
  twin(name: ServiceName, variables: Readonly<Record<string, string>>): Promise<RunningService>;
  restartNats(options: { readonly isWiped: boolean; readonly awayMs: () => Promise<void> }): Promise<void>;
}

interface ChaosNodeOptions {
  readonly dir: string;
  /** Its environment, and the id of its runner. */
  readonly name?: string;
  readonly engineSocket: string;
  readonly maxJobs: number;
  readonly minFreeDiskGB: number;
  /** A service ended and nobody had asked it to. */
  readonly onFall: (name: ServiceName, what: string) => void;
  readonly onLine: (name: string, line: string) => void;
}

const READY_LIMIT_MS = 60_000;
const RETRY_MS = 300;

export async function startChaosNode(options: ChaosNodeOptions): Promise<ChaosNode> {
  const { dir, name: ownName, engineSocket, maxJobs, minFreeDiskGB, onFall, onLine } = options;
  const dataDir = join(dir, 'node');
  const natsDir = join(dir, 'nats');
  await mkdir(dataDir, { recursive: true });
  await using started = new AsyncDisposableStack();
  const natsOptions = { dir: natsDir, onLine: (line: string) => onLine('nats', line) };
  const nats: { now: Nats } = { now: await startNats(natsOptions) };
  started.defer(async () => void (await nats.now.stop()));
  const links = {
    gateway: started.use(await startTcpProxy(nats.now.port)),
    runner: started.use(await startTcpProxy(nats.now.port)),
  };
  const port = await freePort();
  const environment = (ownName ?? `chaos-${randomBytes(4).toString('hex')}`) as EnvironmentId;
  const settings = (name: ServiceName): NodeJS.ProcessEnv => ({
    ...withoutSettings(process.env),
    CAPSTAN_DATA_DIR: dataDir,
    CAPSTAN_GATEWAY_HOST: '127.0.0.1',
    CAPSTAN_GATEWAY_PORT: String(port),
    CAPSTAN_NATS_SERVERS: JSON.stringify([`nats://127.0.0.1:${links[name].port}`]),
    CAPSTAN_NATS_USER: nats.now.user,
    CAPSTAN_NATS_PASSWORD: nats.now.password,
    ...DEMO_IMAGE_ALLOWED,
    CAPSTAN_RUNNER_ID: environment,
    CAPSTAN_RUNNER_DOCKER_SOCKET: engineSocket,
    CAPSTAN_RUNNER_STOP_GRACE_S: '2',
    CAPSTAN_RUNNER_MAX_LOG_MB: '1',
    CAPSTAN_RUNNER_REAP_EVERY_S: '10',
    CAPSTAN_RUNNER_MIN_FREE_DISK_GB: String(minFreeDiskGB),
    CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([
      { id: environment, maxJobs, cpus: 0.5, memoryGB: 0.06, diskGB: 0.05, tmpMB: 4, maxJobDurationS: 12 },
    ]),
  });

  const running: Partial<Record<ServiceName, RunningService>> = {};
  const isWanted: Record<ServiceName, boolean> = { gateway: true, runner: true };
  const attempt = async (name: ServiceName, variables: Readonly<Record<string, string>>) => {
    const before = performance.now();
    const environmentOf = { ...settings(name), ...variables };
    const service = await startService({
      service: name,
      environment: environmentOf,
      workingDir: dataDir,
      onLine: (line) => onLine(name, line),
    });
    running[name] = service;
    await untilReady(service, name);
    const tookMs = performance.now() - before;
    void service.exited.then(({ code, signal }) => {
      if (!isWanted[name] || running[name] !== service) return;
      onFall(name, `ended by itself with ${signal ?? `code ${code}`}: ${service.lastLines(3).join(' ')}`);
      return bringBack(name);
    });
    return tookMs;
  };
  /** Tries on, as a service manager does: a full disk or a NATS that is away may keep it from starting. */
  const bringBack = async (name: ServiceName, variables: Readonly<Record<string, string>> = {}): Promise<number> => {
    isWanted[name] = true;
    const limit = AbortSignal.timeout(READY_LIMIT_MS);
    for (;;) {
      try {
        return await attempt(name, variables);
      } catch (error) {
        await running[name]?.kill();
        if (limit.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };
  const end = async (name: ServiceName, how: (service: RunningService) => Promise<Exit>): Promise<Exit> => {
    isWanted[name] = false;
    const service = running[name];
    return service ? how(service) : { code: 0, signal: null };
  };

  started.defer(async () => void (await end('gateway', (service) => service.stop())));
  await bringBack('gateway');
  started.defer(async () => void (await end('runner', (service) => service.stop())));
  await bringBack('runner');
  await running.gateway?.untilLogged('a runner has come');
  const kept = started.move();

  return {
    url: `http://127.0.0.1:${port}`,
    dataDir,
    environment,
    links,
    nats: { url: nats.now.url, user: nats.now.user, password: nats.now.password },
    async kill(name) {
      await end(name, (service) => service.kill());
    },
    terminate: (name, times) =>
      end(name, (service) => {
        const stopped = service.stop();
        return times === 1 ? stopped : service.stop();
      }),
    bringBack,
    twin: (name, variables) =>
      startService({
        service: name,
        environment: { ...settings(name), ...variables },
        workingDir: dir,
        onLine: (line) => onLine(`second ${name}`, line),
      }),
    async restartNats({ isWiped, awayMs }) {
      await nats.now.kill();
      await awayMs();
      if (isWiped) await wipeNats(natsDir);
      nats.now = await startNats({ ...natsOptions, access: nats.now });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
