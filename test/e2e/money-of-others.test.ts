import { expect } from 'chai';
import { getCreateAddress, parseEther } from 'ethers';
import { CONFIRMATIONS, inSeconds, orderOf, startMarket, type Buyer, type Market } from '../support/chain/market.ts';
import { calling, contractThat, contractThatAlways, paid, startedBy, YES_MAN } from '../support/chain/spoof.ts';

const START_LIMIT_MS = 180_000;

describe('money that a node on a real chain has coming anyway', () => {
  let market: Market;
  let cheat: Buyer;
  before(async function () {
    this.timeout(START_LIMIT_MS);
    market = await startMarket();
    cheat = await market.consumer();
  });
  after(() => market[Symbol.asyncDispose]());

  const send = (data: string) => market.ocean.send(cheat.account, { data });
  /** An asset whose token is the very next contract of the cheat, and whose NFT vouches for anything. */
  const ownAsset = async () => {
    const { contractAddress } = await send(YES_MAN);
    const nonce = Number(await market.ocean.rpc('eth_getTransactionCount', cheat.address, 'pending'));
    const datatokenAddress = getCreateAddress({ from: cheat.address, nonce });
    return market.publish({ token: { nftAddress: contractAddress ?? '', datatokenAddress } });
  };

  it('pays no fee, though the cheat is who has it sent', async () => {
    const { ocean, nodeAddress, node } = market;
    const amount = parseEther('6');
    const algorithm = await market.publishAlgorithm('');
    await ocean.mint(market.owner, algorithm.services[0]?.datatokenAddress ?? '', cheat.address);
    // As exchanges and splitters do, which let anybody send off what they owe.
    const till = await send(contractThatAlways(calling(ocean.money, ocean.callData.transfer(nodeAddress, amount))));
    const tillAddress = till.contractAddress ?? '';
    await ocean.fund(tillAddress, amount);
    const before = await ocean.balanceOf(ocean.money, nodeAddress);

    const dataset = await ownAsset();
    const fee = market.sign({ ddo: dataset, token: ocean.money, amount });
    const started = startedBy(cheat.address, parseEther('1'), inSeconds(0));
    const { txId } = await send(contractThat(started, paid(fee), calling(tillAddress, '0x')));
    await ocean.mine(CONFIRMATIONS - 1);
    expect((await ocean.balanceOf(ocean.money, nodeAddress)) - before).to.equal(amount);

    const ordered = await cheat.order(algorithm, { providerFee: market.sign({ ddo: algorithm }) });
    const order = orderOf({ dataset, algorithm }, node.environment, { dataset: txId, algorithm: ordered });
    expect(await cheat.attempt(order)).to.include({ status: 400, reason: 'fee_not_received', jobId: undefined });
  });
});
