import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { getBytes, keccak256, toUtf8Bytes, Wallet } from 'ethers';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { publicKeyOf, seal } from '@capstan/shared/crypto/seal';
import { startAnvil, type Anvil } from '../../../scripts/parts/anvil.ts';
import { deployOcean, type Account, type Ocean } from '../../../scripts/parts/ocean.ts';
import { recordOf } from '../../support/chain/records.ts';
import { publishable } from '../../support/descriptions/publishable.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const CHAIN_ID = 8996;
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const sign = (wallet: Wallet, text: string) => wallet.signMessage(getBytes(keccak256(toUtf8Bytes(text))));

describe('a recorded description that an indexer asks for', () => {
  const indexer = new Wallet(Wallet.createRandom().privateKey);
  const releases = new AsyncDisposableStack();
  let chain: Anvil;
  let ocean: Ocean;
  let scene: GatewayScene;
  let owner: Account;
  before(async () => {
    chain = releases.use(await startAnvil(CHAIN_ID));
    ocean = releases.use(await deployOcean(chain));
    owner = ocean.account(1);
    scene = releases.use(
      await startGateway({
        variables: {
          CAPSTAN_GATEWAY_DECRYPTERS: JSON.stringify([indexer.address.toLowerCase()]),
          CAPSTAN_CHAINS: JSON.stringify([{ id: CHAIN_ID, rpc: [chain.url], timeoutS: 2 }]),
        },
      }),
    );
  });
  after(() => releases.disposeAsync());

  let last = Date.now();
  const nextNonce = () => String((last += 1));
  const post = async (body: object) => {
    const response = await fetch(`${scene.url}/api/services/decrypt`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  type Asked = Readonly<Record<string, unknown>>;
  /** As Aquarius asks. */
  const ask = async (asked: Asked, { wallet = indexer, nonce = nextNonce() } = {}) => {
    const decrypterAddress = wallet.address;
    const text = String(asked['transactionId'] ?? asked['dataNftAddress']) + decrypterAddress + CHAIN_ID + nonce;
    return post({ ...asked, decrypterAddress, chainId: CHAIN_ID, nonce, signature: await sign(wallet, text) });
  };
  const recorded = async (how: Parameters<typeof recordOf>[1], change: object = {}) => {
    const token = await ocean.publish(owner);
    const ddo = { ...publishable({ ...token, chainId: CHAIN_ID }), ...change };
    const record = recordOf(ddo, how);
    const { txId } = await ocean.describe(owner, token.nftAddress, record);
    return { ...token, record, txId, text: JSON.stringify(ddo) };
  };

  it('comes as it was recorded, packed or not, sealed or not', async () => {
    for (const how of [
      {},
      { packer: 'xz' },
      { sealedTo: scene.key },
      { packer: 'alone', sealedTo: scene.key },
      { packer: 'xz', sealedTo: scene.key },
    ] as const) {
      const { txId, nftAddress, text, record } = await recorded(how);
      const answer = await ask({ transactionId: txId, dataNftAddress: nftAddress });
      expect(answer).to.deep.include({ status: 201, text });
      expect(answer.type).to.match(/^text\/plain/);
      expect(hashOf(answer.text)).to.equal(record.hash);
      expect((await ask({ transactionId: txId })).text, 'without the NFT').to.equal(text);
    }
  });

  it('comes for what ocean-node signs, too, and by what is recorded instead of the transaction', async () => {
    const { nftAddress, record, text, txId } = await recorded({ packer: 'alone', sealedTo: scene.key });
    const document = {
      dataNftAddress: nftAddress,
      encryptedDocument: `0x${Buffer.from(record.data).toString('hex')}`,
      flags: 3,
      documentHash: `0x${record.hash}`,
    };
    expect(await ask(document)).to.deep.include({ status: 201, text });
    expect(await ask({ ...document, flags: '0x03', documentHash: record.hash })).to.deep.include({ status: 201, text });
    const nonce = nextNonce();
    const signature = await sign(indexer, `${indexer.address}${nonce}decryptDDO`);
    const asked = {
      transactionId: txId,
      dataNftAddress: nftAddress,
      decrypterAddress: indexer.address,
      chainId: CHAIN_ID,
    };
    expect(await post({ ...asked, nonce, signature })).to.deep.include({ status: 201, text });
  });

  it('comes for several of one second, as Aquarius counts, and for none of them twice', async () => {
    const [one, other] = [await recorded({ sealedTo: scene.key }), await recorded({ sealedTo: scene.key })];
    const nonce = nextNonce();
    expect((await ask({ transactionId: one.txId }, { nonce })).status).to.equal(201);
    expect((await ask({ transactionId: other.txId }, { nonce })).status).to.equal(201);
    expect((await ask({ transactionId: one.txId }, { nonce })).status).to.equal(401);
    expect((await ask({ transactionId: one.txId }, { nonce: '1' })).status).to.equal(401);
  });

  it('comes for nobody whom the operator did not list', async () => {
    const { txId } = await recorded({ sealedTo: scene.key });
    const stranger = new Wallet(Wallet.createRandom().privateKey);
    const answer = await ask({ transactionId: txId }, { wallet: stranger });
    expect(answer.status).to.equal(403);
    expect(JSON.parse(answer.text)).to.have.property('error', 'Decrypter not authorized');
    const nonce = nextNonce();
    const forged = await sign(stranger, txId + indexer.address + CHAIN_ID + nonce);
    const asked = { transactionId: txId, decrypterAddress: indexer.address, chainId: CHAIN_ID, nonce };
    expect((await post({ ...asked, signature: forged })).status).to.equal(401);
  });

  it('does not come once its owner took it back, nor if it is for another node', async () => {
    const elsewhere = await recorded({ sealedTo: nodeKeyFrom('44'.repeat(32)) });
    expect((await ask({ transactionId: elsewhere.txId })).status).to.equal(403);
    for (const [state, status] of [
      [1, 403],
      [2, 403],
      [3, 403],
      [4, 201],
      [5, 201],
    ] as const) {
      const { txId, nftAddress } = await recorded({ sealedTo: scene.key });
      await ocean.setState(owner, nftAddress, state);
      expect((await ask({ transactionId: txId })).status, `state ${state}`).to.equal(status);
    }
  });

  it('is never anything else that is sealed to the node', async () => {
    // Where files are, recorded as if they were a description, by somebody who even knows their hash.
    const token = await ocean.publish(owner);
    const files = JSON.stringify({ ...token, files: [{ type: 'url', url: 'https://secret.example/' }] });
    const data = Buffer.from(seal(publicKeyOf(scene.key), files).slice(2), 'hex');
    const { txId } = await ocean.describe(owner, token.nftAddress, { flags: 2, data, hash: hashOf(files) });
    const ofFiles = await ask({ transactionId: txId });
    expect(ofFiles.status).to.equal(403);
    expect(ofFiles.text).not.to.contain('secret');
    // Somebody else's description, recorded again with an NFT of one's own.
    const { record } = await recorded({ sealedTo: scene.key });
    const copied = await ocean.describe(owner, token.nftAddress, record);
    expect((await ask({ transactionId: copied.txId })).status).to.equal(403);
    const wrong = { ...record, hash: hashOf('something else') };
    const changed = await ocean.describe(owner, token.nftAddress, wrong);
    expect((await ask({ transactionId: changed.txId })).status).to.equal(400);
  });

  it('is refused in words for what is no record', async () => {
    const { datatokenAddress, nftAddress } = await recorded({});
    for (const asked of [
      { transactionId: `0x${'1'.repeat(64)}` },
      { transactionId: `0x${'1'.repeat(64)}`, dataNftAddress: nftAddress },
      { dataNftAddress: nftAddress },
      { dataNftAddress: datatokenAddress, encryptedDocument: '0x12', flags: 0, documentHash: '0'.repeat(64) },
      { dataNftAddress: nftAddress, encryptedDocument: '0x1', flags: 0, documentHash: '0'.repeat(64) },
    ]) {
      expect((await ask(asked)).status, JSON.stringify(asked)).to.equal(400);
    }
  });
});
