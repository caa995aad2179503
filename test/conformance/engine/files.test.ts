/** Files of a container that was never started, on Docker: the simulation's images hold none. */
import { expect } from 'chai';
import { pack } from 'tar-stream';
import { ENGINES, RUNS_FOR_EVER } from './engines.ts';

const DOCKER = 'a Docker Engine';
const TEXT = 'root:x:0:0::/root:/bin/sh\nÜmit:x:1:1::/:/bin/sh\n';
const sizeBytes = Buffer.byteLength(TEXT);

describe(`a file of a container, on ${DOCKER},`, () => {
  it('is read whole where it is a plain file of that size, whatever it is called; nothing else is read', () =>
    ENGINES[DOCKER]?.(async ({ engine, name, image, labels, signal }) => {
      const mounts = [{ volume: `${name}-in`, target: '/data', isReadOnly: false }];
      await engine.createContainer({ name, image, labels, argv: RUNS_FOR_EVER, env: {}, mounts }, signal);
      const archive = pack();
      archive.entry({ name: 'passwd' }, TEXT);
      archive.entry({ name: 'empty' }, '');
      archive.entry({ name: 'a b%20ü' }, TEXT);
      archive.entry({ name: 'link', type: 'symlink', linkname: '/data/passwd' });
      archive.entry({ name: 'pipe', type: 'fifo' });
      archive.entry({ name: 'folder', type: 'directory' });
      archive.entry({ name: 'folder/within' }, TEXT);
      archive.finalize();
      await engine.putArchive(name, '/data', archive as never, signal);
      const read = (path: string, maxBytes = 1_000) =>
        engine.readText(name, { path: `/data/${path}`, maxBytes }, signal);

      expect(await read('passwd')).to.deep.equal({ text: TEXT });
      expect(await read('passwd', sizeBytes), 'as large as it may be').to.deep.equal({ text: TEXT });
      expect(await read('passwd', sizeBytes - 1), 'larger').to.deep.equal({});
      expect(await read('empty', 0)).to.deep.equal({ text: '' });
      expect(await read('a b%20ü')).to.deep.equal({ text: TEXT });
      expect(await read('folder/within')).to.deep.equal({ text: TEXT });
      for (const other of ['link', 'pipe', 'folder']) expect(await read(other), other).to.deep.equal({});
      expect(await read('absent')).to.equal(undefined);
    }));
});
