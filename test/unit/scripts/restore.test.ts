import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '@capstan/shared/config/load';
import { dataPaths, nodeKeyOf } from '@capstan/shared/config/process';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { keyToKeep, leftOutOf } from '../../../scripts/backup/left-out.ts';
import { makeBackup } from '../../../scripts/backup/make.ts';
import { movesOf, planPlaces } from '../../../scripts/backup/places.ts';
import { restoreBackup } from '../../../scripts/backup/restore.ts';
import { swap, undoUnfinished, type Move } from '../../../scripts/backup/swap.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { openStore } from '../../../services/gateway/src/store/store.ts';
import { aJobId, anAddress, aNewJob, aNonce } from '../gateway/a-job.ts';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-03-02T04:00:00Z');

async function aNode() {
  const folder = await temporaryFolder('restore');
  const dataDir = join(folder.path, 'data');
  const config = loadConfig({ CAPSTAN_DATA_DIR: dataDir }, folder.path);
  const paths = dataPaths(config);
  const key = await nodeKeyOf(config);
  await mkdir(paths.catalogue, { recursive: true });
  await writeFile(join(paths.catalogue, 'a.json'), 'description');
  await writeFile(paths.tokenKey, '77'.repeat(32));
  const backup = async (now: Date) => {
    const kept = await keyToKeep(config);
    const into = join(folder.path, 'backups');
    const common = { paths, dataDir, into, hasResults: false, configFile: undefined, leftOut: [], now };
    return (await makeBackup({ ...common, key: kept })).dir;
  };
  const restore = (from: string, more: { givenKey?: typeof key; now?: Date } = {}) =>
    restoreBackup({ from, paths, dataDir, givenKey: undefined, mayReplace: true, now: NOW, ...more });
  const change = async (work: (store: ReturnType<typeof openStore>) => void) => {
    const store = openStore(paths.store);
    await store.write(() => work(store));
    store.close();
  };
  const look = <T>(work: (store: ReturnType<typeof openStore>) => T): T => {
    const store = openStore(paths.store);
    try {
      return work(store);
    } finally {
      store.close();
    }
  };
  return {
    dataDir,
    paths,
    key,
    backup,
    restore,
    change,
    look,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Every file below, with its content. */
async function snapshot(dir: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(files.toSorted().map(async (path) => [path, await readFile(path, 'base64')])),
  );
}

describe("yesterday's copy", () => {
  it('lets nothing take effect that was signed since, though the store that knew of it is lost', async () => {
    await using node = await aNode();
    const then = NOW.getTime() - DAY_MS;
    const [counts, millis, nanos, unknown] = [1, 2, 3, 4].map(anAddress) as [
      ReturnType<typeof anAddress>,
      ReturnType<typeof anAddress>,
      ReturnType<typeof anAddress>,
      ReturnType<typeof anAddress>,
    ];
    await node.change((store) => {
      store.nonces.use(counts, aNonce(7));
      store.nonces.use(millis, aNonce(then));
      store.nonces.use(nanos, aNonce(`${then}000000`));
    });
    const from = await node.backup(new Date(then));
    await rm(dirname(node.paths.store), { recursive: true });
    const { marked } = await node.restore(from);
    expect(marked).to.deep.equal({ deletedJobs: 0, wasAsked: false });
    const now = String(NOW.getTime());
    expect(
      node.look(({ nonces }) => [counts, millis, nanos, unknown].map((address) => nonces.last(address))),
    ).to.deep.equal([now, now, `${now}000000`, now]);
  });

  it('keeps what the store that it replaces still knew: nonces, and jobs that were deleted', async () => {
    await using node = await aNode();
    await node.change((store) => {
      store.jobs.add(aNewJob({ jobId: aJobId(1) }), '{}');
      store.jobs.add(aNewJob({ jobId: aJobId(2) }), '{}');
    });
    const from = await node.backup(new Date(NOW.getTime() - DAY_MS));
    const large = aNonce('9'.repeat(40));
    await node.change((store) => {
      store.nonces.use(anAddress(5), large);
      store.jobs.remove(aJobId(1));
      store.tombstones.add({ jobId: aJobId(1), run: 1, owner: anAddress(), deletedAt: 5 });
    });
    const { marked } = await node.restore(from);
    expect(marked).to.deep.equal({ deletedJobs: 1, wasAsked: true });
    node.look(({ jobs, nonces, tombstones }) => {
      expect(jobs.find(aJobId(1))).to.equal(undefined);
      expect(jobs.find(aJobId(2))?.jobId).to.equal(aJobId(2));
      expect(tombstones.find(aJobId(1))).to.include({ run: 1 });
      expect(nonces.last(anAddress(5))).to.equal(large);
    });
  });

  it('makes tokens anew, and brings back the key and the catalogue', async () => {
    await using node = await aNode();
    await node.change(() => undefined);
    const from = await node.backup(NOW);
    await rm(node.paths.nodeKey);
    await writeFile(join(node.paths.catalogue, 'a.json'), 'another');
    const { movedTo } = await node.restore(from);
    expect((await readdir(node.dataDir)).filter((name) => name === 'token.key')).to.deep.equal([]);
    expect(await readFile(join(node.paths.catalogue, 'a.json'), 'utf8')).to.equal('description');
    const key = nodeKeyFrom(await readFile(node.paths.nodeKey, 'utf8'));
    expect(key.secret()).to.deep.equal(node.key.secret());
    expect(await readFile(join(movedTo[0] ?? '', 'token.key'), 'utf8')).to.equal('77'.repeat(32));
  });

  it('is refused by a node whose settings give it another key, and taken with the same, or a former one', async () => {
    await using node = await aNode();
    await node.change(() => undefined);
    const from = await node.backup(NOW);
    const other = nodeKeyFrom('11'.repeat(32));
    const before = await snapshot(node.dataDir);
    expect(await node.restore(from, { givenKey: other }).catch(String)).to.match(/the backup is of 0x/);
    expect(await snapshot(node.dataDir)).to.deep.equal(before);
    await node.restore(from, { givenKey: nodeKeyFrom('11'.repeat(32), [node.key]) });
  });
});

describe('a restore that fails', () => {
  it('changes nothing, wherever it was, and is undone where it was killed', async () => {
    await using node = await aNode();
    await node.change((store) => store.jobs.add(aNewJob(), '{}'));
    const { dataDir, paths } = node;
    const prepare = async () => {
      const places = await planPlaces('now', [
        { at: dirname(paths.store), isFolder: true },
        { at: paths.catalogue, isFolder: true },
        { at: paths.nodeKey, isFolder: false },
      ]);
      // As where something is mounted on it.
      const inside = places.map((place) =>
        place.at === paths.catalogue
          ? {
              ...place,
              isInside: true,
              staged: join(place.at, '.restore-now', 'catalogue'),
              aside: join(place.at, 'before-restore-now', 'catalogue'),
            }
          : place,
      );
      for (const { staged, isFolder } of inside) {
        await mkdir(isFolder ? staged : dirname(staged), { recursive: true });
        await writeFile(isFolder ? join(staged, 'a.json') : staged, 'new');
      }
      return { moves: await movesOf(inside), staged: inside.map((place) => dirname(place.staged)) };
    };
    const withoutCopies = async () =>
      Object.fromEntries(Object.entries(await snapshot(dataDir)).filter(([path]) => !path.includes('.restore-now')));
    const before = await withoutCopies();
    const { moves, staged } = await prepare();
    expect(moves.length).to.be.greaterThan(5);
    for (let at = 0; at <= moves.length; at += 1) {
      const impossible: Move = { from: join(dataDir, 'none'), to: join(dataDir, 'nowhere') };
      const failed = await swap(dataDir, moves.toSpliced(at, 0, impossible)).catch((error: unknown) => error);
      expect(failed, `at ${at}`).to.be.instanceOf(Error);
      expect(await withoutCopies(), `failed at ${at}`).to.deep.equal(before);

      await writeFile(join(dataDir, 'restore-in-progress.json'), JSON.stringify(moves));
      for (const { from, to } of moves.slice(0, at)) {
        await mkdir(dirname(to), { recursive: true });
        await rename(from, to);
      }
      expect(await undoUnfinished(dataDir)).to.equal(true);
      expect(await withoutCopies(), `killed at ${at}`).to.deep.equal(before);
    }
    await swap(dataDir, moves);
    expect(await readFile(paths.nodeKey, 'utf8')).to.equal('new');
    expect(await undoUnfinished(dataDir)).to.equal(false);
    for (const each of staged) await rm(each, { recursive: true, force: true });
  });

  it('because the copy is damaged, or can not be prepared, has moved nothing', async () => {
    await using node = await aNode();
    await node.change(() => undefined);
    const from = await node.backup(NOW);
    const before = await snapshot(node.dataDir);
    await writeFile(join(from, 'store.db'), 'damaged');
    expect(await node.restore(from).catch(String)).to.match(/damaged/);
    expect(await snapshot(node.dataDir)).to.deep.equal(before);
  });
});

describe('what a backup leaves out', () => {
  it('is said, the names of variables but not what they hold', () => {
    const { results } = loadConfig({}, '/');
    const said = leftOutOf(
      { results },
      {
        hasResults: false,
        variables: { CAPSTAN_NATS_PASSWORD: 'hush', HOME: '/', CAPSTAN_CONFIG: 'a', CAPSTAN_DATA_DIR: 'b' },
      },
    );
    expect(said.join()).not.to.match(/CAPSTAN_CONFIG|CAPSTAN_DATA_DIR/);
    expect(said.join('\n'))
      .to.match(/--results/)
      .and.to.contain('CAPSTAN_NATS_PASSWORD');
    expect(said.join('\n')).not.to.contain('hush');
  });
});
