import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { getBytes, keccak256, toUtf8Bytes, Wallet } from 'ethers';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { OrderQuote } from '@capstan/shared/contract/quotes';
import { startServer, type Server } from '../support/runner/fetching.ts';
import { serviceOf, startMarket, tokenOf, type Buyer, type Market } from '../support/chain/market.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

const DIGITS = '0123456789';
const SECRET = 'the-key-of-the-owner';
const START_LIMIT_MS = 60_000;

interface Asked {
  readonly ddo: Ddo;
  readonly who: { readonly address: string; readonly privateKey: string };
  readonly transferTxId?: string | undefined;
  readonly fileIndex?: number;
  readonly nonce?: string;
  readonly serviceId?: string;
  readonly userdata?: object;
}

let lastNonce = Date.now();
const nextNonce = () => String((lastNonce += 1));

/** As ocean.js asks. */
function urlOf(node: string, asked: Asked): string {
  const { ddo, who, transferTxId, fileIndex = 0, nonce = nextNonce(), serviceId = serviceOf(ddo).id, userdata } = asked;
  const signature = new Wallet(who.privateKey).signMessageSync(getBytes(keccak256(toUtf8Bytes(ddo.id + nonce))));
  const query = new URLSearchParams({
    documentId: ddo.id,
    serviceId,
    fileIndex: String(fileIndex),
    consumerAddress: who.address,
    nonce,
    signature,
    ...(transferTxId === undefined ? {} : { transferTxId }),
    ...(userdata === undefined ? {} : { userdata: JSON.stringify(userdata) }),
  });
  return `${node}/api/services/download?${query.toString()}`;
}

async function get(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(url, { headers, method });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('a file of an access service', () => {
  const releases = new AsyncDisposableStack();
  let market: Market;
  let sources: Server;
  let buyer: Buyer;
  let ddo: Ddo;
  let order: string;

  before(async function () {
    this.timeout(START_LIMIT_MS);
    sources = releases.use(
      await startServer(({ path = '', headers }, response) => {
        if (path.startsWith('/gone')) return response.writeHead(404).end(SECRET);
        const etag = '"first"';
        const said = { etag, 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="digits 1.csv"' };
        const [, from = '0'] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
        const rest = DIGITS.slice(Number(from));
        if (from === '0') response.writeHead(200, { ...said, 'content-length': DIGITS.length });
        else response.writeHead(206, { ...said, 'content-range': `bytes ${from}-9/10`, 'content-length': rest.length });
        return response.end(rest);
      }),
    );
    market = releases.use(await startMarket({ CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]' }));
    ddo = await publish({});
    buyer = await market.consumer(ddo);
    order = await buyer.order(ddo, await quoteOf(ddo, buyer));
  });
  after(() => releases.disposeAsync());

  const publish = async (change: { readonly access?: 'access' | 'compute'; readonly timeoutS?: number }) => {
    const local = join(market.node.dataDir, 'local.txt');
    await writeFile(local, 'x'.repeat(3_000_000));
    const asset = { type: 'dataset', name: 'Sold digits', access: 'access', ...change } as const;
    const token = await market.ocean.publish(market.owner);
    return market.node.catalogue.add({ ...asset, token }, [
      `${sources.url}/${SECRET}/digits?key=${SECRET}`,
      local,
      `${sources.url}/gone`,
    ]);
  };
  const quoteOf = async (asset: Ddo, who: Buyer): Promise<OrderQuote> => {
    const query = new URLSearchParams({
      documentId: asset.id,
      serviceId: serviceOf(asset).id,
      fileIndex: '0',
      consumerAddress: who.account.address,
    });
    const answer = await get(`${market.node.url}/api/services/initialize?${query.toString()}`);
    expect(answer.status, answer.text).to.equal(200);
    return JSON.parse(answer.text) as OrderQuote;
  };
  const url = (asked: Partial<Asked> = {}) =>
    urlOf(market.node.url, { ddo, who: buyer.account, transferTxId: order, ...asked });

  it('is sold, and delivered whole, under the name that its server gives it', async () => {
    const answer = await get(url());
    expect(answer.text).to.equal(DIGITS);
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('content-disposition')).to.equal('attachment;filename=digits_1.csv');
    expect(answer.headers.get('content-length')).to.equal('10');
    expect(answer.headers.get('content-type')).to.equal('text/csv');
    expect(JSON.stringify([...answer.headers]))
      .not.to.contain(SECRET)
      .and.not.to.contain('first');
    const local = await get(url({ fileIndex: 1 }));
    expect(local.text).to.have.length(3_000_000);
  });

  it('is read again from where it broke off, by the same request, and nothing else is', async () => {
    const same = url();
    const whole = await get(same);
    expect(whole.headers.get('accept-ranges')).to.equal('bytes');
    const etag = whole.headers.get('etag') ?? '';
    const rest = await get(same, { range: 'bytes=4-', 'if-range': etag });
    expect(rest).to.deep.include({ status: 206, text: DIGITS.slice(4) });
    expect(rest.headers.get('content-range')).to.equal('bytes 4-9/10');
    expect(sources.asked.at(-1)?.headers.range, 'what its source is asked for').to.equal('bytes=4-');
    expect(await get(same, { range: 'bytes=2-3' })).to.deep.include({ status: 206, text: '23' });
    expect(await get(same, { range: 'bytes=-3' })).to.deep.include({ status: 206, text: '789' });
    expect(await get(same, { range: 'bytes=4-', 'if-range': '"another"' })).to.deep.include({
      status: 200,
      text: DIGITS,
    });
    const outside = await get(same, { range: 'bytes=99-' });
    expect(outside.status).to.be.oneOf([404, 416]);
    const other = new URL(same);
    other.searchParams.set('fileIndex', '1');
    expect((await get(other.href)).status, 'another file').to.equal(401);
    expect((await get(url({ nonce: '1' }))).status, 'a nonce that is used up').to.equal(401);
    const local = url({ fileIndex: 1 });
    expect((await get(local, { range: 'bytes=2999990-' })).text).to.equal('x'.repeat(10));
  });

  it('takes one nonce once, however many ask at a time, for one file', async () => {
    const nonce = nextNonce();
    const answers = await Promise.all([0, 1].map((fileIndex) => get(url({ fileIndex, nonce }))));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).to.deep.equal([200, 401]);
  });

  it('is for whoever ordered it alone', async () => {
    const stranger = await market.consumer();
    const refused = async (asked: Partial<Asked>) => {
      const answer = await get(url(asked));
      expect(answer.status, answer.text).to.equal(400);
      return (JSON.parse(answer.text) as { reason?: string }).reason;
    };
    expect(await refused({ who: stranger.account })).to.equal('order_wrong_consumer');
    expect(await refused({ transferTxId: undefined })).to.equal('order_missing');
    expect(await refused({ transferTxId: `0x${'1'.repeat(64)}` })).to.equal('order_absent');
    const another = await publish({});
    expect(await refused({ ddo: another })).to.equal('order_not_of_datatoken');
    const forged = url().replace(buyer.account.address, stranger.account.address);
    expect((await get(forged)).status).to.equal(401);
  });

  it('is not for orders whose fee is not the one of this node, or whose time is over', async () => {
    const asset = await publish({ timeoutS: 60 });
    const late = await market.consumer(asset);
    // The chain's clock is an hour behind: such an order is old.
    const old = await late.order(asset, await quoteOf(asset, late));
    const expired = await get(urlOf(market.node.url, { ddo: asset, who: late.account, transferTxId: old }));
    expect(JSON.parse(expired.text)).to.include({ reason: 'order_expired' });
    const fee = market.sign({ ddo, environment: '', validUntil: 0, key: Wallet.createRandom().privateKey });
    const other = await market.consumer(ddo);
    const paid = await market.ocean.startOrder(other.account, { datatoken: tokenOf(ddo), fee });
    await market.ocean.mine(2);
    const answer = await get(url({ who: other.account, transferTxId: paid.txId }));
    expect(JSON.parse(answer.text)).to.include({ reason: 'fee_of_other_provider' });
  });

  it('never is one of data that is for computing only', async () => {
    const data = await publish({ access: 'compute' });
    const who = await market.consumer(data);
    const answer = await get(urlOf(market.node.url, { ddo: data, who: who.account, transferTxId: order }));
    expect(answer.status).to.equal(400);
    expect(answer.text).to.contain('service_not_access');
  });

  it('comes no more once its owner has disabled it, nor for whom the owner does not list', async () => {
    const asset = await publish({});
    const who = await market.consumer(asset);
    const transferTxId = await who.order(asset, await quoteOf(asset, who));
    const same = urlOf(market.node.url, { ddo: asset, who: who.account, transferTxId });
    expect((await get(same)).status).to.equal(200);
    await market.node.writeDdo({ ...asset, nft: { state: 3 } });
    expect((await get(same, { range: 'bytes=1-' })).status).to.equal(400);
    await market.node.writeDdo({
      ...asset,
      credentials: { allow: [{ type: 'address', values: [market.owner.address] }] },
    });
    const denied = await get(urlOf(market.node.url, { ddo: asset, who: who.account, transferTxId }));
    // What is in the catalogue for others only, is not there.
    expect(denied.text).to.contain('did_not_found');
  });

  it('says no more than that it is not to be had, where it is not', async () => {
    const gone = await get(url({ fileIndex: 2 }));
    expect(gone.status).to.equal(404);
    expect(gone.text).not.to.contain(SECRET).and.not.to.contain('127.0.0.1');
    expect((await get(url({ fileIndex: 9 }))).status).to.equal(404);
    expect(await get(url(), {}, 'HEAD')).to.deep.include({ status: 200, text: '' });
  });

  it('has its consumer’s parameters, and not in the place of its owner’s', async () => {
    await get(url({ userdata: { page: '2', key: 'another' } }));
    const { path = '' } = sources.asked.at(-1) ?? {};
    expect(new URL(path, sources.url).searchParams.get('page')).to.equal('2');
    expect(new URL(path, sources.url).searchParams.get('key')).to.equal(SECRET);
  });
});

describe('a download where no chain is asked', () => {
  const who = new Wallet(Wallet.createRandom().privateKey);
  const start = (variables: Readonly<Record<string, string>>) => startTestNode({ variables });
  const initialize = (node: TestNode, ddo: Ddo) =>
    get(
      `${node.url}/api/services/initialize?documentId=${ddo.id}&serviceId=${serviceOf(ddo).id}&consumerAddress=${who.address}`,
    );

  it('is for whom the asset lists, and for nobody else', async () => {
    await using node = await start({});
    const ddo = await node.addDataset({ access: 'access', files: [{ text: DIGITS }] });
    const refused = await get(urlOf(node.url, { ddo, who, transferTxId: 'x' }));
    expect(refused.status).to.equal(400);
    expect((await initialize(node, ddo)).status).to.equal(400);
    await node.writeDdo({ ...ddo, credentials: { allow: [{ type: 'address', values: [who.address] }] } });
    expect((await initialize(node, ddo)).status).to.equal(200);
    expect((await get(urlOf(node.url, { ddo, who }))).text).to.equal(DIGITS);
    await node.writeDdo({ ...ddo, credentials: { allow: [{ type: 'address', values: ['*'] }] } });
    expect((await get(urlOf(node.url, { ddo, who }))).status, 'a list of everybody').to.equal(400);
  });

  it('is free where the operator says so, from a runner that listens under a name', async () => {
    await using node = await start({ CAPSTAN_GATEWAY_FREE_DOWNLOADS: 'true', CAPSTAN_RUNNER_FILES_HOST: 'localhost' });
    const ddo = await node.addDataset({ access: 'access', files: [{ text: DIGITS }] });
    expect((await initialize(node, ddo)).status).to.equal(200);
    expect((await get(urlOf(node.url, { ddo, who }))).text).to.equal(DIGITS);
  });

  it('is not there where the operator has turned it off, and is not sold', async () => {
    await using node = await start({ CAPSTAN_GATEWAY_DOWNLOAD: 'false', CAPSTAN_GATEWAY_FREE_DOWNLOADS: 'true' });
    const ddo = await node.addDataset({ access: 'access', files: [{ text: DIGITS }] });
    const answer = await get(urlOf(node.url, { ddo, who }));
    expect(answer.status).to.equal(400);
    expect(answer.text).to.contain('turned off');
    expect((await initialize(node, ddo)).status).to.equal(400);
    const { serviceEndpoints } = JSON.parse((await get(node.url)).text) as { serviceEndpoints: object };
    expect(serviceEndpoints).to.include.keys('fileinfo').and.not.include.keys('download');
  });
});
