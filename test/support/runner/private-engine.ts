/** A Docker Engine of one's own, beside the machine's, to freeze, stop and start again. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { engineSocket } from '../../../scripts/parts/engine.ts';
import { usesContainerdStore } from '../../../scripts/tests/which-engine.ts';
import { startProgram, type Program } from '../../../scripts/parts/program.ts';
import { fillFromTemplate } from './engine-template.ts';

export interface PrivateEngine extends AsyncDisposable {
  readonly socket: string;
  /** Stands still: takes connections and does not answer. */
  freeze(): void;
  thaw(): void;
  /** As a service manager does it: containers are stopped with the engine, and there again, exited, after its start. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const IMAGE = 'localhost/capstan/node-demo:24';

interface PrivateEngineOptions {
  /** Where it keeps images and containers, if not beside the rest. */
  readonly dataRoot?: string;
  /** Without any image. */
  readonly isBare?: boolean;
  /** What stands in its `daemon.json`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export async function startPrivateEngine(
  dir: string,
  { dataRoot = join(dir, 'data'), isBare = false, settings = {} }: PrivateEngineOptions = {},
): Promise<PrivateEngine> {
  await mkdir(dir, { recursive: true });
  const config = join(dir, 'daemon.json');
  const features = { 'containerd-snapshotter': await usesContainerdStore() };
  await writeFile(config, JSON.stringify({ features, ...settings }));
  const socket = join(dir, 'docker.sock');
  const at = (name: string) => join(dir, name);
  let engine: Program;
  const start = async () => {
    engine = await startProgram({
      name: 'dockerd',
      command: [
        'dockerd',
        `--host=unix://${socket}`,
        `--data-root=${dataRoot}`,
        `--exec-root=${at('exec')}`,
        `--pidfile=${at('pid')}`,
        `--config-file=${config}`,
        // Not `--bridge=none`: that takes away docker0, which belongs to the machine's engine.
        '--iptables=false',
        '--ip-masq=false',
        '--ip-forward=false',
      ],
      environment: process.env,
    });
    await engine.until({
      match: (line) => (line.includes('API listen on') ? true : undefined),
      what: 'a listening engine',
      limitMs: 60_000,
    });
  };
  if (!isBare) await fillFromTemplate(dataRoot, engineSocket(), makeWithImage);
  await start();
  return {
    socket,
    freeze: () => void process.kill(engine.pid, 'SIGSTOP'),
    thaw: () => void process.kill(engine.pid, 'SIGCONT'),
    stop: async () => void (await engine.stop()),
    start,
    async [Symbol.asyncDispose]() {
      await engine.stop();
    },
  };
}

async function makeWithImage(dir: string, dataRoot: string): Promise<void> {
  await using engine = await startPrivateEngine(dir, { dataRoot, isBare: true });
  await copyImage(engine.socket);
}

/** From the machine's engine. */
async function copyImage(socket: string): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const saved = request({ socketPath: engineSocket(), path: `/images/${IMAGE}/get`, agent: false, signal }).end();
  const [image] = (await once(saved, 'response')) as [IncomingMessage];
  const loading = request({ socketPath: socket, path: '/images/load?quiet=1', method: 'POST', agent: false, signal });
  loading.setHeader('content-type', 'application/x-tar');
  const loaded = once(loading, 'response') as Promise<[IncomingMessage]>;
  await pipeline(image, loading);
  const [answer] = await loaded;
  answer.resume();
  await once(answer, 'end');
  if (answer.statusCode !== 200) throw new Error(`the private engine answered ${answer.statusCode} to the image`);
}
