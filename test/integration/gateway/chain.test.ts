import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { systemClock as clock } from '@capstan/shared/runtime/clock';
import { createLog } from '@capstan/shared/runtime/log';
import { hasCode } from '@capstan/shared/contract/errors';
import { startAnvil, type Anvil } from '../../../scripts/parts/anvil.ts';
import { deployOcean, type Ocean } from '../../../scripts/parts/ocean.ts';
import { createContracts } from '../../../services/gateway/src/chain/contracts.ts';
import { createChain, type Chain } from '../../../services/gateway/src/chain/provider.ts';
import { createReceipts } from '../../../services/gateway/src/chain/receipts.ts';
import type { Receipt } from '../../../services/gateway/src/chain/receipt.ts';
import { startRpcProxy, type Lie, type RpcProxy } from '../../support/chain/rpc-proxy.ts';

const log = createLog('test', 'silent');

describe('a chain', () => {
  const releases = new AsyncDisposableStack();
  let anvil: Anvil;
  let ocean: Ocean;
  let first: RpcProxy;
  let second: RpcProxy;
  before(async () => {
    anvil = releases.use(await startAnvil());
    ocean = releases.use(await deployOcean(anvil));
    first = releases.use(await startRpcProxy(anvil.url));
    second = releases.use(await startRpcProxy(anvil.url));
  });
  after(() => releases.disposeAsync());

  const open = (rpc: readonly string[], more: { id?: number; confirmations?: number; settledAfter?: number } = {}) => {
    const config = {
      id: 8996,
      confirmations: 2,
      settledAfter: 4,
      logBlocks: 1_000,
      timeoutS: 0.5,
      ...more,
      rpc: [...rpc],
    };
    const chain = createChain(config, { clock, log });
    return { chain, [Symbol.asyncDispose]: () => chain.stop() };
  };
  const height = (chain: Chain) => chain.ask({ method: 'eth_blockNumber', params: [] });
  const problemOf = async (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'it did not fail',
      (error: unknown) => error,
    );
  /** Receipts that a test can count and look at. */
  const receiptsIn = (kept = new Map<string, Receipt>()) => ({
    kept,
    ...createReceipts(
      { find: () => undefined },
      {
        get: (chainId, txId) => kept.get(`${chainId} ${txId}`),
        put: (receipt) => void kept.set(`${receipt.chainId} ${receipt.txId}`, receipt),
      },
    ),
  });
  const pay = () => ocean.send(ocean.account(0), { to: ocean.account(1).address, data: '0x' });

  it('answers all that is asked in one turn in one round trip', async () => {
    await using opened = open([first.url]);
    const before = first.requests();
    const answers = await Promise.all([1, 2, 3, 4].map(() => height(opened.chain)));
    expect(new Set(answers.flat()).size).to.equal(1);
    expect(first.requests() - before).to.equal(1);
  });

  for (const mood of ['refuses', 'silent', 'odd'] as const) {
    it(`is asked elsewhere when an endpoint ${mood === 'odd' ? 'answers nonsense' : mood}, and there first from then on`, async () => {
      await using opened = open([first.url, second.url]);
      first.become(mood);
      try {
        expect(await height(opened.chain)).to.have.length(1);
        const before = first.requests();
        expect(await height(opened.chain)).to.have.length(1);
        expect(first.requests()).to.equal(before);
        second.become('refuses');
        const problem = await problemOf(height(opened.chain));
        expect(hasCode(problem, 'CHAIN_UNAVAILABLE')).to.equal(true);
        expect(String(problem)).to.not.include('127.0.0.1');
      } finally {
        first.become('works');
        second.become('works');
      }
      expect(await height(opened.chain), 'as soon as one answers').to.have.length(1);
    });
  }

  it('is not believed from an endpoint of another chain', async () => {
    await using other = await startAnvil(1337);
    await using wrong = open([other.url]);
    expect(hasCode(await problemOf(height(wrong.chain)), 'CHAIN_UNAVAILABLE')).to.equal(true);
    await using mixed = open([other.url, anvil.url]);
    expect(await height(mixed.chain)).to.deep.equal([await ocean.rpc('eth_blockNumber')]);
  });

  it('counts a transaction when it has its confirmations, and remembers it when it is final', async () => {
    await using opened = open([first.url]);
    const receipts = receiptsIn();
    const { txId } = await pay();
    const find = () => receipts.find(opened.chain, txId.toUpperCase().replace('0X', '0x'));
    expect(await find()).to.deep.equal({ kind: 'unconfirmed', confirmations: 1, needed: 2 });
    await ocean.mine(1);
    expect(await find()).to.have.property('kind', 'counted');
    expect(receipts.kept.size).to.equal(0);
    await ocean.mine(2);
    expect(await find()).to.have.property('kind', 'settled');
    const before = first.requests();
    expect(await find()).to.deep.equal({ kind: 'settled', receipt: [...receipts.kept.values()][0] });
    expect(first.requests()).to.equal(before);
  });

  it('forgets what was reorganised away, as long as that can be', async () => {
    await using opened = open([first.url], { settledAfter: 50 });
    const receipts = receiptsIn();
    const { txId } = await pay();
    await ocean.mine(3);
    expect(await receipts.find(opened.chain, txId)).to.have.property('kind', 'counted');
    // The last blocks are replaced by empty ones.
    await ocean.rpc('anvil_reorg', 4, []);
    expect(await receipts.find(opened.chain, txId)).to.deep.equal({ kind: 'absent' });
    expect(receipts.kept.size).to.equal(0);
  });

  it('knows which tokens are of an NFT, once they are, and what is no token at all', async () => {
    await using opened = open([first.url]);
    const contracts = createContracts();
    const owner = ocean.account(1);
    const { nftAddress, datatokenAddress } = await ocean.publish(owner);
    const isToken = (nft: string, token: string) => contracts.isTokenOf(opened.chain, nft, token);
    expect(await isToken(nftAddress, ocean.money)).to.equal(false);
    expect(await isToken(nftAddress, datatokenAddress)).to.equal(true);
    const before = first.requests();
    expect(await isToken(nftAddress.toLowerCase(), datatokenAddress)).to.equal(true);
    expect(first.requests()).to.equal(before);
    for (const nowhere of [owner.address, ocean.money, '0x', 'x', '']) {
      expect(await isToken(nowhere, datatokenAddress), nowhere).to.equal(false);
    }
    expect(await contracts.decimalsOf(opened.chain, ocean.money)).to.equal(18);
    expect(await contracts.decimalsOf(opened.chain, owner.address)).to.equal(undefined);
  });

  describe('with an endpoint that is not to be believed', () => {
    afterEach(() => {
      for (const proxy of [first, second]) {
        proxy.become('works');
        proxy.lie(undefined);
      }
    });
    /** The chain as it was some blocks ago. */
    const lagging =
      (blocks: number): Lie =>
      (method, result) => {
        if (method === 'eth_blockNumber') return `0x${(Number(result) - blocks).toString(16)}`;
        return method === 'eth_getTransactionReceipt' ? null : result;
      };
    const settledPayment = async () => {
      const { txId } = await pay();
      await ocean.mine(6);
      return txId;
    };

    it('hears of a transaction from the next one where the first lags behind', async () => {
      await using opened = open([first.url, second.url]);
      const txId = await settledPayment();
      first.lie(lagging(10));
      expect((await receiptsIn().find(opened.chain, txId)).kind).to.equal('counted');
      first.lie(undefined);
      expect((await receiptsIn().find(opened.chain, txId)).kind).to.equal('settled');
    });

    it('follows the later block of two that disagree, and nobody where both are at the same', async () => {
      await using opened = open([first.url, second.url]);
      const txId = await settledPayment();
      const unheard: Lie = (method, result) => (method === 'eth_getTransactionReceipt' ? null : result);
      const ahead: Lie = (method, result) =>
        method === 'eth_blockNumber' ? `0x${(Number(result) + 1).toString(16)}` : unheard(method, result, []);
      first.lie(ahead);
      expect(await receiptsIn().find(opened.chain, txId)).to.deep.equal({ kind: 'absent' });
      first.lie(unheard);
      const problem = await problemOf(receiptsIn().find(opened.chain, txId));
      expect(hasCode(problem, 'CHAIN_UNAVAILABLE')).to.equal(true);
    });

    const highHead: Lie = (method, result) => (method === 'eth_blockNumber' ? '0xfffffff' : result);
    for (const rpc of ['one endpoint', 'two']) {
      it(`settles nothing by a head that lies: ${rpc}`, async () => {
        await using opened = open(rpc === 'two' ? [first.url, second.url] : [first.url]);
        const receipts = receiptsIn();
        const { txId } = await pay();
        first.lie(highHead);
        expect((await receipts.find(opened.chain, txId)).kind).to.equal('counted');
        expect(receipts.kept.size).to.equal(0);
      });
    }

    it('settles nothing that only one of two endpoints says', async () => {
      await using opened = open([first.url, second.url]);
      const receipts = receiptsIn();
      const txId = await settledPayment();
      second.become('refuses');
      expect((await receipts.find(opened.chain, txId)).kind).to.equal('counted');
      second.become('works');
      const other = `0x${'ab'.repeat(32)}`;
      second.lie((method, result) =>
        method === 'eth_getTransactionReceipt' ? { ...(result as object), blockHash: other } : result,
      );
      expect((await receipts.find(opened.chain, txId)).kind).to.equal('counted');
      expect(receipts.kept.size).to.equal(0);
    });

    const garbage: readonly unknown[] = ['garbage', '0xzz', '0x1', 7, null, {}, [], `0x${'f'.repeat(100_000)}`];
    for (const nonsense of garbage) {
      const shown = JSON.stringify(nonsense).slice(0, 20);
      it(`asks the next one where the first answers ${shown} to a call`, async () => {
        await using opened = open([first.url, second.url]);
        first.lie((method, result) => (method === 'eth_call' ? nonsense : result));
        expect(await createContracts().decimalsOf(opened.chain, ocean.money)).to.equal(18);
        const { nftAddress, datatokenAddress } = await ocean.publish(ocean.account(1));
        expect(await createContracts().isTokenOf(opened.chain, nftAddress, datatokenAddress)).to.equal(true);
      });
    }

    it('asks the others where the first knows no such contract: the later block decides, or nobody', async () => {
      await using opened = open([first.url, second.url]);
      const unknown: Lie = (method, result) => (method === 'eth_call' ? '0x' : result);
      first.lie((method, result, params) => lagging(3)(method, unknown(method, result, params), params));
      expect(await createContracts().decimalsOf(opened.chain, ocean.money)).to.equal(18);
      first.lie(unknown);
      const problem = await problemOf(createContracts().decimalsOf(opened.chain, ocean.money));
      expect(hasCode(problem, 'CHAIN_UNAVAILABLE')).to.equal(true);
    });

    it('prices nothing by the decimals that one of two endpoints says, and remembers only what both have said', async () => {
      await using opened = open([first.url, second.url]);
      const contracts = createContracts();
      const decimals = async () => contracts.decimalsOf(opened.chain, ocean.money);
      const none = `0x${'0'.repeat(64)}`;
      for (const liar of [first, second]) {
        liar.lie((method, result) => (method === 'eth_call' ? none : result));
        expect(hasCode(await problemOf(decimals()), 'CHAIN_UNAVAILABLE')).to.equal(true);
        liar.lie((method, result) =>
          method === 'eth_call' ? none : method === 'eth_blockNumber' ? '0xfffffff' : result,
        );
        expect(hasCode(await problemOf(decimals()), 'CHAIN_UNAVAILABLE'), 'with a head of its own').to.equal(true);
        liar.lie(undefined);
      }
      second.become('refuses');
      expect(await decimals()).to.equal(18);
      second.become('works');
      const before = first.requests();
      expect(await decimals()).to.equal(18);
      expect(first.requests(), 'one alone has said so').to.equal(before + 1);
      expect(await decimals()).to.equal(18);
      expect(first.requests(), 'both have').to.equal(before + 1);
    });

    it('says that the chain can not be asked where nobody answers a call with anything else', async () => {
      await using opened = open([first.url]);
      first.lie((method, result) => (method === 'eth_call' ? 'garbage' : result));
      const problem = await problemOf(createContracts().decimalsOf(opened.chain, ocean.money));
      expect(hasCode(problem, 'CHAIN_UNAVAILABLE')).to.equal(true);
    });

    const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
    const answers: readonly (readonly [string, Buffer, string])[] = [
      ['fifty megabytes in a few', bomb, 'gzip'],
      ['what is no gzip', Buffer.from('x'), 'gzip'],
      ['an encoding of its own', Buffer.from('[]'), 'zstd-or-so'],
      ['lists in lists without end', Buffer.from('['.repeat(5_000_000)), 'identity'],
      ['a million values', Buffer.from(`[${'1,'.repeat(1_000_000)}1]`), 'identity'],
      ['no answer to anything', Buffer.from('[]'), 'identity'],
      ['a number', Buffer.from('7'), 'identity'],
    ];
    for (const [what, bytes, encoding] of answers) {
      it(`is asked elsewhere when an endpoint says ${what}`, async () => {
        await using opened = open([first.url, second.url]);
        first.say(bytes, encoding);
        expect(await height(opened.chain)).to.have.length(1);
      });
    }

    for (const odd of [null, 7, 'x', '0x', `0x${'f'.repeat(40)}`, { a: 1 }]) {
      it(`is asked elsewhere when an endpoint takes ${JSON.stringify(odd).slice(0, 12)} for its block number or a receipt`, async () => {
        await using opened = open([first.url, second.url]);
        const txId = await settledPayment();
        first.lie((method, result) => (method === 'eth_blockNumber' ? odd : result));
        expect(await height(opened.chain)).to.deep.equal([await ocean.rpc('eth_blockNumber')]);
        // A transaction that is not there is an answer.
        if (odd === null) return;
        first.lie((method, result) => (method === 'eth_getTransactionReceipt' ? odd : result));
        expect((await receiptsIn().find(opened.chain, txId)).kind).to.equal('counted');
      });
    }
  });
});
