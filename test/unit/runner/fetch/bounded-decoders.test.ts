import { expect } from 'chai';
import { AbiCoder } from 'ethers';
import { CapstanError } from '@capstan/shared/contract/errors';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { publicKeyOf, seal } from '@capstan/shared/crypto/seal';
import { requireModestTypes } from '../../../../services/runner/src/fetch/abi-bounds.ts';
import { apart, createApart } from '../../../../services/runner/src/fetch/apart.ts';
import { filesOfText, userdataOf } from '../../../../services/runner/src/fetch/sealed-files.ts';

const refusalOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    return error instanceof CapstanError ? error.code : (error as Error).name;
  }
  return 'none';
};

const nested = (depth: number): unknown =>
  depth === 0 ? { type: 'uint8' } : { type: 'tuple', components: [nested(depth - 1)] };

describe("a contract's types", () => {
  const tooLarge: Readonly<Record<string, unknown>> = {
    'an array of hundreds of millions': { type: 'uint8[400000000]' },
    'arrays of arrays': { type: 'uint8[1000][1000][1000]' },
    'an array of a length that no number holds': { type: `uint8[${'9'.repeat(200)}]` },
    'as many of what holds nothing': { type: 'tuple[400000000]', components: [] },
    'an array within a tuple within an array': {
      type: 'tuple[1000]',
      components: [{ type: 'tuple[1000]', components: [{ type: 'uint8[1000]' }] }],
    },
    'tuples nested a thousand deep': nested(1_000),
    'arrays nested a hundred deep': { type: `uint8${'[]'.repeat(100)}` },
    'a hundred thousand components': {
      type: 'tuple',
      components: Array.from({ length: 100_000 }, () => ({ type: 'uint8' })),
    },
    'no type at all': {},
  };
  for (const [what, parameter] of Object.entries(tooLarge)) {
    it(`are refused for ${what}`, async () => {
      expect(await refusalOf(() => requireModestTypes([parameter as never]))).to.equal('FETCH_FAILED');
    });
  }

  it('are taken as contracts have them', () => {
    requireModestTypes(
      [{ type: 'address' }, { type: 'bytes' }],
      [
        { type: 'uint256[1000]' },
        { type: 'tuple[]', components: [{ type: 'string' }, { type: 'uint8[3][4]' }] },
        undefined as never,
      ].slice(0, 2),
    );
  });
});

describe('work that is done apart', () => {
  const module = new URL('../../../../services/runner/src/fetch/kinds/contract-worker.ts', import.meta.url);
  const never = new AbortController().signal;
  const file = (type: string) => ({
    type: 'smartcontract' as const,
    address: `0x${'1'.repeat(40)}`,
    chainId: 1,
    abi: { name: 'f', outputs: [{ type }] },
  });
  const decode = (type: string, answer: string) =>
    apart({ module, input: { kind: 'decode', file: file(type), answer }, maxMs: 30_000, maxMemoryMB: 512 }, never);

  it('gives what came of it', async () => {
    expect(await decode('uint8[]', AbiCoder.defaultAbiCoder().encode(['uint8[]'], [[1, 2]]))).to.equal('["1","2"]');
  });

  it('fails with what was wrong', async () => {
    expect(await refusalOf(() => decode('uint8[]', '0x1234'))).to.equal('FETCH_FAILED');
  });

  it('ends when it takes too much memory, and nothing ends with it', async () => {
    const greedy = new URL('data:text/javascript,const all=[];for(;;)all.push(new Array(1e5).fill(1));');
    const work = () => apart({ module: greedy, input: {}, maxMs: 60_000, maxMemoryMB: 48 }, never);
    expect(await refusalOf(work)).to.equal('FETCH_FAILED');
  });

  it('ends when its time is over', async () => {
    const endless = new URL('data:text/javascript,for(;;);');
    expect(await refusalOf(() => apart({ module: endless, input: {}, maxMs: 200, maxMemoryMB: 64 }, never))).to.equal(
      'FETCH_FAILED',
    );
  });

  it('is done by two threads at once, and no more, whoever waits; who leaves waits no more', async () => {
    const counts = new Int32Array(new SharedArrayBuffer(12));
    const counting = new URL(
      `data:text/javascript,import{parentPort,workerData as a}from'node:worker_threads';
      const now=Atomics.add(a,0,1)+1;if(now>Atomics.load(a,1))Atomics.store(a,1,now);
      Atomics.wait(a,2,0,50);Atomics.sub(a,0,1);parentPort.postMessage({value:now});`.replaceAll('\n', ''),
    );
    const run = createApart(2);
    const work = { module: counting, input: counts, maxMs: 30_000, maxMemoryMB: 64 };
    const gone = new AbortController();
    const all = Array.from({ length: 7 }, () => run(work, never));
    const left = refusalOf(() => run(work, gone.signal));
    gone.abort();
    expect(await left).to.equal('AbortError');
    await Promise.all(all);
    expect(counts[1]).to.be.at.most(2);
  });

  it('ends with whoever waits for it', async () => {
    const over = new AbortController();
    const endless = new URL('data:text/javascript,for(;;);');
    const waiting = refusalOf(() =>
      apart({ module: endless, input: {}, maxMs: 600_000, maxMemoryMB: 64 }, over.signal),
    );
    over.abort();
    expect(await waiting).to.equal('AbortError');
  });
});

describe('an encrypted part', () => {
  const key = nodeKeyFrom('22'.repeat(32));
  const sealed = (text: string) => seal(publicKeyOf(key), text);
  const shapes: Readonly<Record<string, string>> = {
    'a list of a hundred thousand numbers': JSON.stringify(Array.from({ length: 100_000 }, () => 1)),
    'a list of a million numbers': `[${'1,'.repeat(999_999)}1]`,
    'lists nested four hundred thousand deep': '['.repeat(400_000) + ']'.repeat(400_000),
    'an object of very many keys': `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join(',')}}`,
    'no JSON': 'no JSON',
  };
  for (const [what, text] of Object.entries(shapes)) {
    it(`that holds ${what} is refused in a few words`, () => {
      for (const read of [() => filesOfText(sealed(text), key), () => userdataOf(sealed(`[${text}`), key)]) {
        expect(read).to.throw().with.property('message').with.length.below(200);
      }
    });
  }
});
