import { expect } from 'chai';
import type { PathEntry } from '../../../../services/runner/src/docker/ports/containers.ts';
import { judge, leadToFiles } from '../../../../services/runner/src/pipeline/steps/user-files.ts';

type Entries = Readonly<Record<string, PathEntry>>;
const ETC = { '/etc': { kind: 'folder' } } as const;
const FILE = { kind: 'file', sizeBytes: 900 } as const;
const PIPE = { kind: 'other' } as const;
const linkTo = (target: string) => ({ kind: 'link', target }) as const;
const lookInto = (entries: Entries) => (path: string) => Promise.resolve(entries[path]);
const MOUNTS = ['/capstan/in', '/capstan/out/outputs'];

const FIRST: Readonly<Record<string, readonly [Entries, 'fine' | 'refused' | 'linked']>> = {
  'plain files': [{ ...ETC, '/etc/passwd': FILE, '/etc/group': FILE }, 'fine'],
  'no folder for them': [{}, 'fine'],
  'neither of them': [ETC, 'fine'],
  'a named pipe': [{ ...ETC, '/etc/passwd': PIPE }, 'refused'],
  'a named pipe for the groups': [{ ...ETC, '/etc/passwd': FILE, '/etc/group': PIPE }, 'refused'],
  'a named pipe beside a link': [{ ...ETC, '/etc/passwd': linkTo('/x'), '/etc/group': PIPE }, 'refused'],
  'a file as large as a disk': [{ ...ETC, '/etc/passwd': { kind: 'file', sizeBytes: 1e12 } }, 'refused'],
  'a folder that is a link': [{ '/etc': linkTo('/data/outputs'), '/etc/passwd': FILE }, 'refused'],
  'a link': [{ ...ETC, '/etc/passwd': linkTo('/nix/store/x'), '/etc/group': FILE }, 'linked'],
};

describe('what an engine reads of an image to find a user', () => {
  for (const [named, [entries, verdict]] of Object.entries(FIRST)) {
    it(`${named}: ${verdict}`, async () => expect(await judge(lookInto(entries), MOUNTS)).to.equal(verdict));
  }

  it('is refused where a volume that the image wants hides it', async () => {
    const plain = { ...ETC, '/etc/passwd': FILE };
    for (const target of ['/etc', '/etc/group']) {
      expect(await judge(lookInto(plain), [...MOUNTS, target])).to.equal('refused');
      expect(await judge(lookInto({}), [target])).to.equal('refused');
    }
  });

  it('may be a link to a plain file, or to nothing', async () => {
    const linked = { ...ETC, '/etc/passwd': linkTo('/nix/store/x'), '/etc/group': linkTo('/gone') };
    expect(await leadToFiles(lookInto({ ...linked, '/nix/store/x': FILE }))).to.equal(true);
    expect(await leadToFiles(lookInto({ ...linked, '/nix/store/x': PIPE }))).to.equal(false);
    expect(await leadToFiles(lookInto({ ...linked, '/gone': { kind: 'folder' } }))).to.equal(false);
  });
});
