import { PassThrough, type Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { expect } from 'chai';
import fc from 'fast-check';
import { pack, type Pack } from 'tar-stream';
import { hasCode } from '@capstan/shared/contract/errors';
import { collect } from '../../../../services/runner/src/results/collect.ts';
import { judge } from '../../../../services/runner/src/results/entries.ts';
import type { Draft } from '../../../../services/runner/src/results/results.ts';

const LIMITS = { maxFiles: 3, maxBytes: 2_000 };

async function collectedFrom(archive: Readable, limits = LIMITS) {
  const taken: string[] = [];
  let bytes = 0;
  const draft: Draft = {
    async add(file, body) {
      taken.push(`${file.type} ${file.filename} ${(await text(body)).length}`);
    },
    publish: () => Promise.reject(new Error('not asked for')),
    addPrivate: () => Promise.reject(new Error('not asked for')),
  };
  const onBytes = (more: number) => void (bytes += more);
  const collected = await collect(archive, draft, { limits, onBytes });
  return { taken, bytes, ...collected };
}

function archiveOf(fill: (archive: Pack) => void): Readable {
  const archive = pack();
  // Whoever reads it may leave before its end.
  archive.on('error', () => undefined);
  fill(archive);
  archive.finalize();
  return archive.pipe(new PassThrough());
}

const LIMITS_OF_LARGE = { maxFiles: 3, maxBytes: 200_000 };

function unasked(): Promise<never> {
  throw new Error('not asked for');
}

/** A place for results that takes what it is given, and then fails with something of its own. */
const failingDraft = (error: Error): Draft => ({
  async add(_file, body) {
    await text(body);
    throw error;
  },
  publish: unasked,
  addPrivate: unasked,
});

describe('outputs that can not be stored', () => {
  it('are not said to be unreadable, whatever the place of the results fails with', async () => {
    const archive = archiveOf((tar) => void tar.entry({ name: 'out/outputs/a' }, 'data'));
    const draft = failingDraft(new TypeError('terminated'));
    const error: unknown = await collect(archive, draft, { limits: LIMITS, onBytes: () => undefined }).catch(
      (thrown: unknown) => thrown,
    );
    expect(hasCode(error, 'RESULTS_UNWRITABLE')).to.equal(true);
  });

  it('are, when the archive breaks off under it', async () => {
    const archive = new PassThrough();
    const tar = pack();
    tar.on('data', (chunk) => archive.write(chunk));
    tar.entry({ name: 'out/outputs/a', size: 100_000 }).write(Buffer.alloc(10_000));
    const draft: Draft = {
      ...failingDraft(new Error('not reached')),
      async add(_file, body) {
        for await (const piece of body) archive.destroy(new Error(`cut after ${piece.length} bytes`));
      },
    };
    const error: unknown = await collect(archive, draft, { limits: LIMITS_OF_LARGE, onBytes: () => undefined }).catch(
      (thrown: unknown) => thrown,
    );
    expect(hasCode(error, 'OUTPUTS_UNREADABLE')).to.equal(true);
  });
});

describe('an archive of outputs', () => {
  it('gives plain files below outputs and logs, and nothing else', async () => {
    const { taken, bytes, skipped } = await collectedFrom(
      archiveOf((archive) => {
        archive.entry({ name: 'out/', type: 'directory' });
        archive.entry({ name: 'out/outputs/a/b' }, 'data');
        archive.entry({ name: 'out/logs/own' }, 'log');
        archive.entry({ name: 'out/logs/algorithm.log' }, 'fake');
        archive.entry({ name: 'out/outputs/../../escape' }, 'x');
        archive.entry({ name: '/out/outputs/absolute' }, 'x');
        archive.entry({ name: 'elsewhere/x' }, 'x');
        archive.entry({ name: 'out/outputs/link', type: 'symlink', linkname: '/etc/passwd' });
        archive.entry({ name: 'out/outputs/link/below' }, 'x');
        archive.entry({ name: 'out/outputs/hard', type: 'link', linkname: '/etc/passwd' });
        archive.entry({ name: 'out/outputs/device', type: 'character-device' });
        archive.entry({ name: 'out/outputs/fifo', type: 'fifo' });
      }),
      { ...LIMITS, maxFiles: 4 },
    );
    // Below what was a link there is a file of its own: nothing is ever written to a path of the archive's.
    expect(taken).to.deep.equal(['output a/b 4', 'output own 3', 'output link/below 1']);
    expect(bytes).to.equal(8);
    expect(skipped.map(({ name }) => name)).to.have.members([
      'logs/algorithm.log',
      'outputs/../../escape',
      'out/outputs/absolute',
      'x',
      'outputs/link',
      'outputs/hard',
      'outputs/device',
      'outputs/fifo',
    ]);
  });

  it('takes a name once', async () => {
    const { taken, skipped } = await collectedFrom(
      archiveOf((archive) => {
        for (const content of ['first', 'other']) archive.entry({ name: 'out/outputs/a' }, content);
        archive.entry({ name: 'out/logs/a' }, 'log');
      }),
    );
    expect(taken).to.deep.equal(['output a 5', 'output logs/a 3']);
    expect(skipped).to.deep.equal([{ name: 'a', reason: 'a name that is there already' }]);
  });

  it('ends at its limits, whatever it is that there is too much of', async () => {
    const many = await collectedFrom(
      archiveOf((archive) => {
        for (const name of ['1', '2', '3', '4']) archive.entry({ name: `out/outputs/${name}` }, name);
      }),
    );
    expect(many.taken).to.have.length(3);
    expect(many.exceeded).to.contain('more than 3 output files');
    const large = await collectedFrom(
      archiveOf((archive) => {
        archive.entry({ name: 'out/outputs/a' }, 'x'.repeat(1_200));
        archive.entry({ name: 'out/outputs/b' }, 'x'.repeat(1_200));
      }),
    );
    expect(large.taken).to.deep.equal(['output a 1200']);
    expect(large.exceeded).to.contain('larger than');
    const links = await collectedFrom(
      archiveOf((archive) => {
        for (let n = 0; n <= 10_000; n += 1) {
          archive.entry({ name: `out/outputs/${n}`, type: 'symlink', linkname: '/' });
        }
      }),
    );
    expect(links.exceeded).to.contain('more than 10000 folders, links and other special files');
    expect(links.skipped.at(-1)).to.deep.equal({ name: '…', reason: 'and 9800 more' });
  });

  it('asks the engine for no more links than it takes files', async () => {
    const asked: string[] = [];
    const taking = {
      ...failingDraft(new Error()),
      add: async (_: unknown, body: AsyncIterable<Buffer>) => void (await text(body)),
    };
    const { exceeded } = await collect(
      archiveOf((archive) => {
        archive.entry({ name: 'out/outputs/a' }, 'a');
        for (let n = 0; n < 9_000; n += 1) {
          archive.entry({ name: `out/outputs/${n}`, type: 'link', linkname: 'out/outputs/a' });
        }
      }),
      taking,
      {
        limits: { maxFiles: 3, maxBytes: 2_000 },
        onBytes: () => undefined,
        reopen: (path) => Promise.resolve(archiveOf((tar) => void tar.entry({ name: String(asked.push(path)) }, 'a'))),
      },
    );
    expect(exceeded).to.contain('more than 3 output files');
    expect(asked.length).to.be.at.most(3);
  });

  it('is judged by what a file says of its size, without reading it, also where it would be skipped', async () => {
    const terabyte = async (name: string) => {
      const head = await buffer(archiveOf((archive) => archive.entry({ name }, 'x')));
      // The size in its header, and its checksum.
      head.write('77777777777 ', 124, 'latin1');
      head.fill(' ', 148, 156);
      const sum = head.subarray(0, 512).reduce((total, byte) => total + byte, 0);
      head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
      const archive = new PassThrough();
      // Not one byte of the content comes: whoever waits for it waits for ever.
      archive.write(head.subarray(0, 512));
      return collectedFrom(archive);
    };
    for (const name of ['out/outputs/hole', 'out/outputs/new\nline']) {
      expect((await terabyte(name)).exceeded).to.contain('larger than');
    }
  });

  it('is incomplete when it breaks off, and says so', async () => {
    const whole = await buffer(archiveOf((archive) => archive.entry({ name: 'out/outputs/a' }, 'x'.repeat(1_000))));
    const codeOf = async (bytes: Buffer) => {
      const archive = new PassThrough();
      archive.end(bytes);
      return collectedFrom(archive).then(
        () => 'none',
        (error: unknown) => hasCode(error, 'OUTPUTS_UNREADABLE'),
      );
    };
    expect(await codeOf(whole.subarray(0, 700))).to.equal(true);
    expect(await codeOf(Buffer.alloc(2_000, 'no archive'))).to.equal(true);
  });

  it('makes the reader neither hang nor read anything outside, whatever bytes it is', async () => {
    const whole = await buffer(
      archiveOf((archive) => {
        archive.entry({ name: 'out/outputs/a' }, 'x'.repeat(100));
        archive.entry({ name: `out/outputs/${'long'.repeat(40)}` }, 'y');
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 }), async (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        const archive = new PassThrough();
        archive.end(bytes);
        const taken = await collectedFrom(archive).then(
          (collected) => collected.taken,
          (error: unknown) => {
            if (!hasCode(error, 'OUTPUTS_UNREADABLE')) throw error;
            return [];
          },
        );
        for (const line of taken) expect(line).not.to.match(/ \/|\.\.\/|\n/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the name of an output', () => {
  const reasonOf = (path: string, type: Parameters<typeof judge>[0]['type'] = 'file') => {
    const entry = judge({ name: `out/outputs/${path}`, type });
    return entry.kind === 'skipped' ? entry.reason : entry.kind;
  };

  it('may be anything that can be shown and saved', () => {
    for (const path of [
      'a',
      'A',
      'umläut',
      'uml\u0061\u0308ut',
      '表.csv',
      'with "quotes" and spaces.txt',
      '..x',
      'a/b/c',
      '😀',
    ]) {
      expect(reasonOf(path), path).to.equal('file');
    }
  });

  it('leads nowhere else, on no system', () => {
    for (const path of ['../a', 'a/../b', './a', 'a//b', '/a', '', '..', '.']) {
      expect(reasonOf(path), path).to.equal('not a path inside the outputs');
    }
    expect(reasonOf('..\\..\\a')).to.equal('backslash in the name');
  });

  it('does not break lines, headers or the order in which it is read', () => {
    for (const path of [
      'new\nline',
      'cr\r',
      'nul\0',
      'esc\u001b[31m',
      'c1\u0085',
      'bidi\u202egnp.exe',
      'line\u2028',
      '\ufeffbom',
    ]) {
      expect(reasonOf(path)).to.equal('control characters in the name');
    }
    expect(reasonOf('bad\ufffd1')).to.equal('name that is not UTF-8');
  });

  it('is not too long, nor too deep', () => {
    expect(reasonOf('n'.repeat(255))).to.equal('file');
    expect(reasonOf('n'.repeat(256))).to.equal('name longer than 255 bytes');
    expect(reasonOf(`${'d/'.repeat(32)}f`)).to.equal('file');
    expect(reasonOf(`${'d/'.repeat(33)}f`)).to.equal('more than 32 folders deep');
    expect(reasonOf('d/'.repeat(32), 'directory')).to.equal('folder');
    expect(reasonOf('d/'.repeat(33), 'directory')).to.equal('more than 32 folders deep');
  });

  it('can be shown where it is listed as skipped', () => {
    const entry = judge({ name: `out/outputs/new\nline\u202e${'\u{1f600}'.repeat(200)}`, type: 'file' });
    expect(entry).to.include({ kind: 'skipped' });
    if (entry.kind !== 'skipped') return;
    expect(entry.name)
      .to.match(/^outputs\/new\ufffdline\ufffd/)
      .and.to.have.length(255);
    expect(entry.name.isWellFormed()).to.equal(true);
  });
});
