/**
 * The images that docker-compose.yml takes from a registry elsewhere, made of what this machine has: Node with npm and the packages of
 * package-lock.json in its cache, and a NATS server.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { findProgram } from '../../../scripts/parts/program.ts';
import { ROOT } from '../../../scripts/parts/service.ts';
import { composeProject } from './compose.ts';

const NPM = 'npm@11.6.2';
const MANIFESTS = ['package.json', 'package-lock.json', '.npmrc', 'shared', 'services/gateway', 'services/runner'];

export interface BaseImages {
  readonly node: string;
  readonly nats: string;
}

/** Builds both under `project`'s name, with `folder` as the place for what they are made of. */
export async function buildBaseImages(project: string, folder: string): Promise<BaseImages> {
  const images = { node: `${project}-base-node`, nats: `${project}-base-nats` };
  await mkdir(join(folder, 'nats'));
  await copyFile(findProgram('nats-server') ?? 'nats-server', join(folder, 'nats', 'nats-server'));
  await writeFile(
    join(folder, 'nats', 'Dockerfile'),
    'FROM localhost/capstan/node-demo:24\nCOPY nats-server /usr/local/bin/\nENTRYPOINT ["nats-server"]\n',
  );
  await fillNode(join(folder, 'node'));
  const file = join(folder, 'base.yml');
  const services = Object.entries(images).map(
    ([name, image]) => `  ${name}: { image: ${image}, build: ${join(folder, name)} }`,
  );
  await writeFile(file, `version: '3.8'\nservices:\n${services.join('\n')}\n`);
  await composeProject({ project, variables: {}, file }).run('build');
  return images;
}

/** npm fetches once, here; the build of the product's own image then finds everything in the cache. */
async function fillNode(folder: string): Promise<void> {
  const cache = join(folder, 'cache');
  const product = join(folder, 'product');
  for (const name of MANIFESTS) {
    const from = name.includes('.') ? name : join(name, 'package.json');
    await mkdir(join(product, from, '..'), { recursive: true });
    await copyFile(join(ROOT, from), join(product, from));
  }
  await npm(['install', '--prefix', join(folder, 'npm'), NPM], cache);
  await npm(['ci', '--omit=dev', '--omit=optional', '--ignore-scripts', '--prefix', product], cache);
  await cp(join(folder, 'npm', 'node_modules', 'npm'), join(folder, 'npm-package'), { recursive: true });
  await writeFile(join(folder, '.dockerignore'), 'product\nnpm\n');
  const dockerfile = [
    'FROM localhost/capstan/node-demo:24',
    'COPY npm-package /usr/local/lib/node_modules/npm',
    'COPY cache /npm-cache',
    'ENV npm_config_cache=/npm-cache npm_config_offline=true npm_config_update_notifier=false HOME=/root',
    'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
  ];
  await writeFile(join(folder, 'Dockerfile'), `${dockerfile.join('\n')}\n`);
}

async function npm(words: readonly string[], cache: string): Promise<void> {
  const child = spawn('npm', [...words, '--cache', cache, '--prefer-offline', '--no-audit', '--no-fund'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`npm ${words.join(' ')} ended with ${code}:\n${(await said).join('')}`);
}

/** The settings of the broker as the repository has them, but for what servers before 2.10 refuse to start with. */
export async function natsConfigFor(folder: string): Promise<string> {
  const config = join(folder, 'nats-config');
  await cp(join(ROOT, 'services', 'nats'), config, { recursive: true });
  const jetStream = join(config, 'jetstream.conf');
  const plain = (await readFile(jetStream, 'utf8')).replace(', sync_interval: always', '');
  await writeFile(jetStream, plain);
  return config;
}
