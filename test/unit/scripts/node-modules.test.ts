import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

/** Plain JavaScript, without types. */
const PART = pathToFileURL(join(import.meta.dirname, '../../../scripts/bootstrap/node-modules.mjs')).href;
const { nodeModules } = (await import(PART)) as {
  readonly nodeModules: { ready(context: { readonly root: string }): Promise<string | undefined> };
};

const NODE = `node_modules/node-${process.platform}-${process.arch}`;
const OWN = 'services/gateway/node_modules/raw-body';
const PACKAGES = {
  [NODE]: { version: '24.0.0', optional: true },
  'node_modules/raw-body': { version: '3.0.0' },
  [OWN]: { version: '2.0.0' },
};

async function checkout() {
  const folder = await temporaryFolder('checkout');
  const at = (...parts: string[]) => join(folder.path, ...parts);
  for (const path of Object.keys(PACKAGES)) await mkdir(at(path), { recursive: true });
  const lock = JSON.stringify({ packages: PACKAGES });
  await writeFile(at('package-lock.json'), lock);
  await writeFile(at('node_modules', '.package-lock.json'), lock);
  return {
    ready: () => nodeModules.ready({ root: folder.path }),
    lose: (path: string) => rm(at(path), { recursive: true }),
    install: (packages: object) => writeFile(at('node_modules', '.package-lock.json'), JSON.stringify({ packages })),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('whether the packages of a checkout are there', () => {
  it('is said of those that npm has put there, also without us', async () => {
    await using scene = await checkout();
    expect(await scene.ready()).to.equal('node_modules');
  });

  for (const lost of [NODE, 'node_modules/raw-body', OWN, dirname(OWN)]) {
    it(`counts ${lost}, however often it was there before`, async () => {
      await using scene = await checkout();
      await scene.ready();
      await scene.lose(lost);
      expect(await scene.ready()).to.equal(undefined);
    });
  }

  it('counts what a workspace has for itself in the version that is locked', async () => {
    await using scene = await checkout();
    await scene.install({ ...PACKAGES, [OWN]: { version: '1.0.0' } });
    expect(await scene.ready()).to.equal(undefined);
  });
});
