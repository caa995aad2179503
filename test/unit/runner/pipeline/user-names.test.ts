import { expect } from 'chai';
import { CapstanError } from '@capstan/shared/contract/errors';
import { HOME } from '../../../../services/runner/src/docker/layout.ts';
import { createNamesOfUser } from '../../../../services/runner/src/pipeline/steps/user-names.ts';

const ROOT = 'root:x:0:0::/root:/bin/sh\n';
const { signal } = new AbortController();

type Asked = Parameters<ReturnType<typeof createNamesOfUser>>;

/** An engine whose images say this in their files of users; undefined: it refuses. */
function engineOf(texts: Readonly<Record<string, string>> | undefined, links: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  const engine = {
    entryAt: (_name: string, path: string) => {
      const target = links[path];
      return Promise.resolve(target === undefined ? { kind: 'file', sizeBytes: 1 } : { kind: 'link', target });
    },
    readText: (_name: string, { path }: { readonly path: string }) => {
      asked.push(path);
      if (texts === undefined) return Promise.reject(new CapstanError('CONTAINER_REFUSED', 'refused'));
      const text = texts[path];
      return Promise.resolve(text === undefined ? undefined : { text });
    },
  };
  return { engine, asked };
}

const from = (engine: object) => engine as unknown as Asked[0];
const imageOf = (id: string, volumes: readonly string[] = []) =>
  ({ id, settings: { labels: {}, volumes, workingDir: '', argv: [] } }) as unknown as Asked[1]['image'];
const userOf = (uid: number, image: Asked[1]['image']): Asked[1] => ({ container: 'files', image, home: HOME, uid });

describe("the names of a job's user", () => {
  it('are added to those of the image, which is read once for all of its jobs', async () => {
    const named = createNamesOfUser();
    const { engine, asked } = engineOf({ '/etc/passwd': ROOT });
    for (const uid of [10_001, 10_002]) {
      expect(await named(from(engine), userOf(uid, imageOf('one')), signal)).to.deep.equal({
        passwd: `${ROOT}job:x:${uid}:${uid}:job:/scratch:/bin/sh\n`,
        group: `job:x:${uid}:\n`,
      });
    }
    expect(asked).to.deep.equal(['/etc/passwd', '/etc/group']);
    await named(from(engine), userOf(10_001, imageOf('another')), signal);
    expect(asked).to.have.length(4);
  });

  it('do not stand beside those that an earlier job was given', async () => {
    const { engine } = engineOf({
      '/etc/passwd': `${ROOT}job:x:10009:10009:job:/scratch:/bin/sh\n`,
      '/etc/group': 'root:x:0:\njob:x:10009:\n',
    });
    expect(await createNamesOfUser()(from(engine), userOf(10_001, imageOf('one')), signal)).to.deep.equal({
      passwd: `${ROOT}job:x:10001:10001:job:/scratch:/bin/sh\n`,
      group: 'root:x:0:\njob:x:10001:\n',
    });
  });

  it('are left to an image that names the uid, or that wants volumes where they are', async () => {
    const own = 'analyst:x:10001:10001::/home/analyst:/bin/sh\n';
    const { engine, asked } = engineOf({ '/etc/passwd': own });
    const given = await createNamesOfUser()(from(engine), userOf(10_001, imageOf('one')), signal);
    expect(given).to.include({ passwd: own });
    asked.length = 0;
    expect(await createNamesOfUser()(from(engine), userOf(10_001, imageOf('two', ['/etc/x'])), signal)).to.deep.equal(
      {},
    );
    expect(asked).to.deep.equal([]);
  });

  it('stand in a file where the image has a link, whether that leads to a file, to nothing, or to what is not to be read', async () => {
    const { engine } = engineOf(
      { '/store/passwd': ROOT },
      { '/etc/passwd': '/store/passwd', '/etc/group': '/proc/kmsg' },
    );
    const own = { passwd: 'job:x:10001:10001:job:/scratch:/bin/sh\n', group: 'job:x:10001:\n' };
    expect(await createNamesOfUser()(from(engine), userOf(10_001, imageOf('one')), signal)).to.deep.equal({
      ...own,
      passwd: ROOT + own.passwd,
    });
    const refusing = engineOf(undefined, { '/etc/passwd': '/a', '/etc/group': '/b' }).engine;
    expect(await createNamesOfUser()(from(refusing), userOf(10_001, imageOf('two')), signal)).to.deep.equal(own);
  });

  it('are none where the engine refuses to read, which is not kept', async () => {
    const named = createNamesOfUser();
    expect(await named(from(engineOf(undefined).engine), userOf(10_001, imageOf('one')), signal)).to.deep.equal({});
    const { engine } = engineOf({ '/etc/passwd': ROOT });
    expect(await named(from(engine), userOf(10_001, imageOf('one')), signal)).to.have.property('passwd');
  });
});
