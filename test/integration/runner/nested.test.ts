import { expect } from 'chai';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { createDockerEngine } from '../../../services/runner/src/docker/docker-engine.ts';
import { startEngineProxy } from '../../support/engine-proxy.ts';
import { extentOf, nest } from '../../support/runner/nested.ts';

const { signal } = new AbortController();

describe('a volume whose folders are nested without end', () => {
  it('is empty when the engine is asked to remove it: it would be kept from all other volumes meanwhile', async () => {
    await using folder = await temporaryFolder('proxy');
    await using proxy = await startEngineProxy(folder.path);
    const engine = createDockerEngine(proxy.socket);
    const name = `capstan-test-nested-${process.pid}`;
    await engine.createVolume(name, {}, signal);
    const found = await askEngine('GET', `/volumes/${name}`);
    const { Mountpoint: path } = JSON.parse(found.body) as { readonly Mountpoint: string };
    await nest(path, 500);

    const busy = proxy.plant({
      method: 'DELETE',
      path: /^\/volumes\//,
      does: { kind: 'answer', status: 409, message: 'volume is in use' },
    });
    const refusal = await engine.removeVolume(name, signal).catch((error: unknown) => error);
    expect(refusal).to.have.property('code', 'ENGINE_REFUSED');
    expect(await extentOf(path)).to.deep.equal({ levels: 0, entries: 0 });
    busy[Symbol.dispose]();
    await engine.removeVolume(name, signal);
    expect((await askEngine('GET', `/volumes/${name}`)).status).to.equal(404);
  });
});
