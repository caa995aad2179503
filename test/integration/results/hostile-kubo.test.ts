import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { createIpfs } from '@capstan/shared/results/ipfs';
import type { Objects, Wanted } from '@capstan/shared/results/objects';
import { refused } from '../../support/results/asking-hostile-s3.ts';
import { startHostileKubo, type Command, type HostileKubo } from '../../support/results/hostile-kubo.ts';
import type { Told } from '../../support/results/hostile-server.ts';

const { signal } = new AbortController();
const PATH = '/capstan/job/1/a';

let kubo: HostileKubo;
let objects: Objects;

async function* pieces(content: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < content.length; from += 60_000) {
    yield await Promise.resolve(content.subarray(from, from + 60_000));
  }
}

async function read(wanted: Wanted): Promise<Buffer> {
  const held: Buffer[] = [];
  for await (const piece of await objects.read('job/1/a', wanted, signal)) held.push(piece);
  return Buffer.concat(held);
}

const NEVER: Readonly<Record<string, (honest: Told) => Told>> = {
  'an error of its own': () => ({ status: 500, body: JSON.stringify({ Message: 'x'.repeat(100_000), Type: 'error' }) }),
  'an error that names absence among other words': () => ({
    status: 500,
    body: JSON.stringify({ Message: 'the lock file does not exist', Type: 'error' }),
  }),
  'an endless error': () => ({ status: 500, body: 'A'.repeat(64_000), ending: 'endless' }),
  'an endless answer': () => ({ status: 200, body: 'A'.repeat(64_000), ending: 'endless' }),
  'half an answer': ({ body = '' }) => ({
    status: 200,
    headers: { 'content-length': '100000' },
    body: body.slice(0, 5),
    ending: 'cut',
  }),
  'nothing more': () => ({ status: 200, headers: { 'content-length': '9' }, ending: 'hang' }),
  'a redirect': () => ({ status: 307, headers: { location: 'http://127.0.0.1:1/' } }),
};

const NEEDING: Readonly<Record<Command, () => Promise<unknown>>> = {
  write: () => objects.put('job/1/new', pieces(randomBytes(200_000)), signal),
  stat: () => objects.sizeOf('job/1/a', signal),
  read: () => read({ sizeBytes: 1_000, range: { start: 100, end: 199 } }),
  rm: () => objects.removeFolder('job/1', signal),
};

describe('an IPFS node', () => {
  beforeEach(async () => {
    kubo = await startHostileKubo();
    const patience = { askMs: 300, partMs: 500, silenceMs: 300, againMs: 2 };
    objects = createIpfs({ apiUrl: kubo.apiUrl, folder: '/capstan' }, patience);
  });
  afterEach(() => kubo[Symbol.asyncDispose]());

  for (const [command, need] of Object.entries(NEEDING) as [Command, () => Promise<unknown>][]) {
    for (const [what, how] of Object.entries(NEVER)) {
      it(`that answers ${command} with ${what} is not believed`, async () => {
        kubo.files.set(PATH, randomBytes(1_000));
        kubo.undone.add(command);
        kubo.lie = (asked, honest) => (asked.command === command ? how(honest) : undefined);
        await refused(need());
      });
    }
  }

  it('that says it stored something is believed only if it has as much of it', async () => {
    kubo.undone.add('write');
    expect(await refused(objects.put('job/1/a', pieces(Buffer.alloc(9)), signal))).to.match(/not there/);
    kubo.undone.clear();
    kubo.lie = ({ command }, honest) => {
      if (command === 'write') for (const [path, content] of kubo.files) kubo.files.set(path, content.subarray(1));
      return honest;
    };
    expect(await refused(objects.put('job/1/a', pieces(Buffer.alloc(9)), signal))).to.match(/not there/);
  });

  it('that takes a part of an upload and no more is given up', async () => {
    kubo.lie = ({ command }, honest) => (command === 'write' ? { ...honest, ending: 'hang' } : undefined);
    await refused(objects.put('job/1/a', pieces(Buffer.alloc(9)), signal));
  });

  it('is not blamed for what the source of an upload fails with', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.alloc(100_000));
      throw new RangeError('the source broke off');
    }
    const failed = await objects.put('job/1/a', broken(), signal).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(RangeError);
  });

  for (const [what, body] of [
    ['the whole', 1_000],
    ['less', 99],
    ['more', 101],
  ] as const) {
    it(`that answers a range with ${what} is not believed`, async () => {
      kubo.files.set(PATH, randomBytes(1_000));
      kubo.lie = ({ command }) => (command === 'read' ? { status: 200, body: Buffer.alloc(body) } : undefined);
      await refused(read({ sizeBytes: 1_000, range: { start: 100, end: 199 } }));
    });
  }

  for (const body of ['[]', '{}', 'null', '{"Size":"9"}', '{"Size":-1}', '{"Size":1.5}', '{"Size":1e300}']) {
    it(`that gives ${body} as the facts of a file is not believed`, async () => {
      kubo.lie = ({ command }) => (command === 'stat' ? { status: 200, body } : undefined);
      await refused(objects.sizeOf('job/1/a', signal));
    });
  }

  it('that only says it deleted is asked for a few more times, ever later, and then told', async () => {
    kubo.files.set(PATH, randomBytes(9));
    kubo.undone.add('rm');
    expect(await refused(objects.removeFolder('job/1', signal))).to.match(/still there/);
    expect(kubo.asked.filter((each) => each === 'rm').length).to.be.within(3, 8);
    kubo.undone.clear();
    await objects.removeFolder('job/1', signal);
    expect(kubo.files.size).to.equal(0);
  });
});
