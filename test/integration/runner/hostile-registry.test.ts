import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { usesContainerdStore } from '../../../scripts/tests/which-engine.ts';
import { startPrivateEngine, type PrivateEngine } from '../../support/runner/private-engine.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';
import { MANIFEST_TYPE, smallImage, type SmallImage } from '../../support/runner/small-image.ts';

/** How an image is given. */
interface Given {
  readonly image: SmallImage;
  readonly manifest?: 'never';
  /** Layers besides its own, of which a byte comes now and then. */
  readonly dripping?: readonly SmallImage[];
}

/** Gives images by their names, as whoever runs it likes. */
async function startHostileRegistry(names: Readonly<Record<string, Given>>) {
  const server = createServer((request, response) => {
    const [, , , name = '', kind = '', what = ''] = (request.url ?? '').split('/');
    const given = names[name];
    if (!given) return void response.writeHead(request.url === '/v2/' ? 200 : 404).end();
    const { image, dripping = [] } = given;
    if (kind === 'manifests')
      return given.manifest === 'never' ? undefined : sendManifest(response, image, request.method);
    const found = [image.config, image.layer].find(({ digest }) => digest === what);
    if (found) return void response.writeHead(200, { 'content-length': found.bytes.length }).end(found.bytes);
    const slow = dripping.find(({ layer }) => layer.digest === what)?.layer.bytes;
    if (!slow) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': slow.length });
    let at = 0;
    const drip = setInterval(() => response.write(slow.subarray(at, (at += 20_000))), 200);
    response.once('close', () => clearInterval(drip));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return {
    host: `127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function sendManifest(response: ServerResponse, { manifest }: SmallImage, method = 'GET'): void {
  response.writeHead(200, {
    'content-type': MANIFEST_TYPE,
    'content-length': manifest.bytes.length,
    'docker-content-digest': manifest.digest,
  });
  response.end(method === 'HEAD' ? undefined : manifest.bytes);
}

describe('a registry whose images are made to harm', function () {
  this.timeout(180_000);
  let scene: Scene;
  let host: string;
  let engine: PrivateEngine;
  let release: (() => Promise<void>) | undefined;
  before(async () => {
    await using releases = new AsyncDisposableStack();
    const dripping = await Promise.all([1, 2, 3].map(() => smallImage({ padding: { bytes: 3_000_000 } })));
    const nested = ['/a', '/a/b', '/a/b/c'];
    const registry = releases.use(
      await startHostileRegistry({
        fine: { image: await smallImage() },
        silent: { image: await smallImage(), manifest: 'never' },
        wordy: { image: await smallImage({ settings: { Labels: { much: 'x'.repeat(2_000_000) } } }) },
        variables: {
          image: await smallImage({ settings: { Env: Array.from({ length: 20_000 }, (_, number) => `V${number}=`) } }),
        },
        nested: {
          image: await smallImage({
            settings: { Volumes: Object.fromEntries(nested.map((path) => [path, {}])) },
            padding: { bytes: 10_000_000 },
          }),
        },
        slow: { image: await smallImage({ layers: dripping }), dripping },
      }),
    );
    ({ host } = registry);
    // Its places for downloads are kept from all others.
    const folder = releases.use(await temporaryFolder('hostile-registry'));
    engine = releases.use(await startPrivateEngine(join(folder.path, 'engine'), { isBare: true }));
    scene = releases.use(
      await startScene({
        limits: { maxJobs: 3 },
        variables: {
          CAPSTAN_RUNNER_DOCKER_SOCKET: engine.socket,
          CAPSTAN_RUNNER_IMAGES_REGISTRIES: JSON.stringify([host]),
          CAPSTAN_RUNNER_IMAGES_STALL_TIMEOUT_S: '4',
          CAPSTAN_RUNNER_IMAGES_MAX_IMAGE_GB: '0.02',
        },
      }),
    );
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release?.());

  const start = (name: string) =>
    scene.start({ rawcode: 'cat /mark', container: { image: `${host}/a/${name}`, tag: '1', entrypoint: 'sh $ALGO' } });
  const endOf = async (name: string) => {
    const { code, details } = await scene.until(await start(name), 'end');
    return { code, reason: details.termination?.reason ?? '' };
  };

  it('keeps no place by never saying which image it has', async () => {
    const { code, reason } = await endOf('silent');
    expect(code).to.equal(11);
    expect(reason).to.match(/could not be pulled: nothing came for 4 seconds\.$/);
  });

  it('can not have the node read all that an image says of itself, nor leave it such an image', async () => {
    const before = await imagesOf(engine);
    const { code, reason } = await endOf('wordy');
    expect(code).to.equal(11);
    expect(reason).to.match(/what it says of itself .* takes more than 1 MB\.$/);
    expect(await imagesOf(engine)).to.equal(before);
  });

  it('can not keep the engine busy for minutes with each container, by the variables of an image', async () => {
    const before = await imagesOf(engine);
    const { code, reason } = await endOf('variables');
    expect(code).to.equal(11);
    expect(reason).to.match(/sets more than 1000 environment variables \(ENV\)\.$/);
    expect(await imagesOf(engine)).to.equal(before);
  });

  it('can not have an image copied again and again, into volumes that lie in one another', async () => {
    const { code, reason } = await endOf('nested');
    expect(code).to.equal(11);
    expect(reason).to.match(/lie in one another, and copies of what is in them may take more than 0\.02 GB\.$/);
  });

  it("can not use up the time of others' pulls by keeping the engine's places", async function () {
    // There each pull has places of its own.
    if (await usesContainerdStore()) this.skip();
    const slow = await start('slow');
    await scene.progress(slow, ({ phase, doneBytes }) => phase === 'pull' && doneBytes > 100_000);
    const fine = await start('fine');
    const { code, details } = await scene.until(fine, 'end');
    expect(code, details.termination?.reason).to.equal(70);
    await scene.want(slow, 'stopped');
    await scene.until(slow, 'end');
  });
});

async function imagesOf({ socket }: PrivateEngine): Promise<number> {
  const { body } = await askEngine('GET', '/images/json?all=1', { socketPath: socket });
  return (JSON.parse(body) as readonly unknown[]).length;
}
