/** A whole node of one's own: NATS, gateway and runner over one data folder, each of which can be stopped, killed and started again. */
import { join } from 'node:path';
import { engineSocket } from './engine.ts';
import { freePort } from './free-port.ts';
import { natsVariables, startNats, wipeNats, type Nats } from './nats.ts';
import type { LineListener } from './program.ts';
import { startService, untilReady, type RunningService, type ServiceName } from './service.ts';

export type PartName = ServiceName | 'nats';

export interface NodeOptions {
  readonly dataDir: string;
  /** `CAPSTAN_…` settings beyond those that say where the parts are. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Further ones of one of the two. */
  readonly own?: Partial<Readonly<Record<ServiceName, Readonly<Record<string, string>>>>>;
  readonly onLine?: (part: PartName, ...line: Parameters<LineListener>) => void;
  /** Other checkouts than this one, to run another release of one of the two, or of both. */
  readonly roots?: Partial<Readonly<Record<ServiceName, string>>>;
}

export interface LocalNode extends AsyncDisposable {
  readonly url: string;
  readonly dataDir: string;
  /** The settings of this node, for whoever joins in, such as the catalogue command. */
  readonly variables: Readonly<Record<string, string>>;
  nats(): Nats;
  gateway(): RunningService;
  runner(): RunningService;
  /** Starts a part that has ended, where it was before, and waits until it works. `isWiped`: NATS has lost its disk meanwhile. */
  restart(
    part: PartName,
    options?: {
      readonly isWiped?: boolean;
      /** Further lines of NATS's own settings. */
      readonly natsSettings?: readonly string[];
      /** By another checkout, with further settings. */
      readonly root?: string;
      readonly variables?: Readonly<Record<string, string>>;
    },
  ): Promise<void>;
  /** Stops runner, gateway and NATS, in this order; resolves to the exit codes of the first two. Harmless when repeated. */
  stop(): Promise<Readonly<Record<ServiceName, number | null>>>;
}

export async function startNode({
  dataDir,
  variables = {},
  own = {},
  roots = {},
  onLine,
}: NodeOptions): Promise<LocalNode> {
  const natsDir = join(dataDir, 'nats');
  const listener = (part: PartName): { onLine?: LineListener } =>
    onLine === undefined ? {} : { onLine: (line, from) => onLine(part, line, from) };

  let nats = await startNats({ dir: natsDir, ...listener('nats') });
  const port = await freePort();
  const settings = {
    CAPSTAN_DATA_DIR: dataDir,
    CAPSTAN_GATEWAY_HOST: '127.0.0.1',
    CAPSTAN_GATEWAY_PORT: String(port),
    CAPSTAN_RUNNER_DOCKER_SOCKET: engineSocket(),
    ...natsVariables(nats),
    ...variables,
  };
  const start = async (service: ServiceName, root = roots[service], more: Readonly<Record<string, string>> = {}) => {
    const environment = { ...withoutSettings(process.env), ...settings, ...own[service], ...more };
    const running = await startService({
      service,
      environment,
      workingDir: dataDir,
      ...(root === undefined ? {} : { root }),
      ...listener(service),
    });
    try {
      await untilReady(running, service);
    } catch (error) {
      await running.kill();
      throw error;
    }
    return running;
  };

  // Released if the rest does not start.
  await using started = new AsyncDisposableStack();
  started.defer(async () => void (await nats.stop()));
  const gateway = await start('gateway');
  started.defer(async () => void (await gateway.stop()));
  // A runner tells who it is when it comes and every few seconds: whoever listens by then knows it at once.
  await gateway.untilLogged('NATS connected');
  const runner = await start('runner');
  started.defer(async () => void (await runner.stop()));
  await gateway.untilLogged('a runner has come');
  started.move();
  const services = { gateway, runner };

  const stop = async () => {
    const ended = { runner: await services.runner.stop(), gateway: await services.gateway.stop() };
    await nats.stop();
    return { runner: ended.runner.code, gateway: ended.gateway.code };
  };

  return {
    url: `http://127.0.0.1:${port}`,
    dataDir,
    variables: settings,
    nats: () => nats,
    gateway: () => services.gateway,
    runner: () => services.runner,
    async restart(part, { isWiped = false, natsSettings = [], root, variables: more } = {}) {
      if (part !== 'nats') {
        services[part] = await start(part, root, more);
        return;
      }
      if (isWiped) await wipeNats(natsDir);
      nats = await startNats({ dir: natsDir, access: nats, settings: natsSettings, ...listener('nats') });
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** A node of our own takes nothing from the settings of the node that a person may run here. */
export function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('CAPSTAN_')));
}
