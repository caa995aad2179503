import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { hasCode } from '@capstan/shared/contract/errors';
import { keepHeld, keptId, loadOrCreateIdentity } from '../../../../services/runner/src/host/identity.ts';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';

describe('the identity of a runner', () => {
  const aFolder = async () => {
    const folder = await temporaryFolder('identity');
    const path = join(folder.path, 'runner.json');
    const load = (configuredId?: string) =>
      loadOrCreateIdentity({ path, configuredId, traces: [join(folder.path, 'scratch'), join(folder.path, 'logs')] });
    return { dir: folder.path, path, load, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
  };

  it('is made once for a data folder, and another one for the next', async () => {
    await using here = await aFolder();
    await using there = await aFolder();
    const made = await here.load();
    expect(made.id).to.match(/^runner-[0-9a-f]{8}$/);
    expect(made.unmarked).to.deep.equal([]);
    expect(await here.load()).to.deep.equal(made);
    expect(await keptId(here.path)).to.equal(made.id);
    const other = await there.load();
    expect([other.id, other.node]).not.to.include.oneOf([made.id, made.node]);
  });

  it('is one, though two processes make it at the same time', async () => {
    await using here = await aFolder();
    const [one, two] = await Promise.all([here.load(), here.load()]);
    expect(one).to.deep.equal(two);
  });

  for (const trace of ['scratch', 'logs']) {
    it(`is the one before, where an earlier release has left ${trace}`, async () => {
      await using here = await aFolder();
      await mkdir(join(here.dir, trace));
      expect(await here.load()).to.deep.include({ id: 'runner-1', unmarked: ['runner-1'] });
      expect(await here.load('mine')).to.deep.include({ id: 'mine', unmarked: ['runner-1'] });
    });
  }

  it('had the configured id before, too, and perhaps the one of compose', async () => {
    await using here = await aFolder();
    await mkdir(join(here.dir, 'scratch'));
    expect(await here.load('mine')).to.deep.include({ id: 'mine', unmarked: ['mine', 'runner-1'] });
  });

  it('takes another id from the settings and keeps it when they say nothing more; its mark stays', async () => {
    await using here = await aFolder();
    const { node } = await here.load('one');
    await keepHeld(here.path, true);
    expect(await here.load('two')).to.deep.include({ id: 'two', node, former: ['one'] });
    await keepHeld(here.path, true);
    expect(await here.load()).to.deep.include({ id: 'two', node, former: ['one'] });
    expect(await here.load('one')).to.deep.include({ id: 'one', node, former: ['two'] });
    expect(await here.load('two')).to.deep.include({ id: 'two', node, former: ['one'] });
  });

  it('had no id before that was not its own', async () => {
    await using here = await aFolder();
    await here.load('one');
    await keepHeld(here.path, true);
    await here.load('taken');
    expect(await here.load('two')).to.deep.include({ id: 'two', former: ['one'] });
    await keepHeld(here.path, true);
    await keepHeld(here.path, false);
    expect(await here.load('three')).to.deep.include({ id: 'three', former: ['one'] });
    await using fresh = await aFolder();
    await fresh.load('taken');
    expect(await fresh.load('mine')).to.deep.include({ id: 'mine', former: [] });
  });

  it('had the id that a release before kept: that one did not say whether it was held', async () => {
    await using here = await aFolder();
    await writeFile(here.path, JSON.stringify({ v: 1, id: 'one', former: [], node: '0123456789ab', unmarked: [] }));
    await keepHeld(here.path, true);
    expect(await here.load('two')).to.deep.include({ id: 'two', former: ['one'] });
  });

  it('is not made anew where it can not be read: containers would be lost', async () => {
    await using here = await aFolder();
    await writeFile(here.path, '{');
    let refusal: unknown;
    await here.load().catch((error: unknown) => {
      refusal = error;
    });
    expect(hasCode(refusal, 'INVALID_CONFIG')).to.equal(true);
    expect(await readFile(here.path, 'utf8')).to.equal('{');
  });

  it('is not known before the first start', async () => {
    await using here = await aFolder();
    expect(await keptId(here.path)).to.equal(undefined);
  });
});
