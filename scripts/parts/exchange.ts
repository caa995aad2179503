/** Where owners sell access: Ocean's fixed-rate exchange, on a chain of our own. */
import { Interface, parseEther, ZeroAddress } from 'ethers';
import { artifact, FACTORY, type Account, type Ocean, type TokenPair } from './ocean.ts';

export interface Offer extends TokenPair {
  /** Of one datatoken, in whole money. */
  readonly price: string;
  readonly exchangeId: string;
}

export interface Exchange {
  /** A data NFT and a datatoken that anyone can buy at this price. */
  offer(owner: Account, name: string, price: string): Promise<Offer>;
  /** Buys one datatoken. */
  buy(buyer: Account, offer: Offer): Promise<void>;
  /** Hands the owner, and the community, what was paid. */
  collect(owner: Account, offer: Offer): Promise<void>;
}

const EXCHANGE = 'pools/fixedRate/FixedRateExchange.sol/FixedRateExchange';
const ONE = parseEther('1');

export async function deployExchange(ocean: Ocean): Promise<Exchange> {
  const exchange = await ocean.deploy(EXCHANGE, ocean.router);
  const exchanges = new Interface(artifact(EXCHANGE).abi);
  const factories = new Interface(artifact(FACTORY).abi);
  const routers = new Interface(['function addFixedRateContract(address)']);
  const listing = routers.encodeFunctionData('addFixedRateContract', [exchange]);
  await ocean.must(ocean.account(0), { to: ocean.router, data: listing });

  return {
    async offer(owner, name, price) {
      const nft = [name, 'NFT', 1, '', true, owner.address];
      const roles = [owner.address, owner.address, owner.address, ZeroAddress];
      const datatoken = [1, [`${name} access`, 'DT'], roles, [ONE * 1_000_000n, 0], []];
      // The exchange may mint what it sells.
      const terms = [
        exchange,
        [ocean.money, owner.address, owner.address, ZeroAddress],
        [18, 18, parseEther(price), 0, 1],
      ];
      const data = factories.encodeFunctionData('createNftWithErc20WithFixedRate', [nft, datatoken, terms]);
      const { logs } = await ocean.must(owner, { to: ocean.factory, data });
      const created = logs.flatMap((log) => factories.parseLog(log) ?? []);
      const addressIn = (event: string) => String(created.find((each) => each.name === event)?.args[0]);
      const listed = logs
        .flatMap((log) => exchanges.parseLog(log) ?? [])
        .find((each) => each.name === 'ExchangeCreated');
      return {
        nftAddress: addressIn('NFTCreated'),
        datatokenAddress: addressIn('TokenCreated'),
        price,
        exchangeId: String(listed?.args[0]),
      };
    },
    async buy(buyer, { exchangeId, price }) {
      // What the community takes of a sale comes on top.
      const most = parseEther(price) * 2n;
      await ocean.must(buyer, { to: ocean.money, data: ocean.callData.approve(exchange, most) });
      const data = exchanges.encodeFunctionData('buyDT', [exchangeId, ONE, most, ZeroAddress, 0]);
      await ocean.must(buyer, { to: exchange, data });
    },
    async collect(owner, { exchangeId, price }) {
      const data = exchanges.encodeFunctionData('collectBT', [exchangeId, parseEther(price)]);
      await ocean.must(owner, { to: exchange, data });
      const share = exchanges.encodeFunctionData('collectOceanFee', [exchangeId]);
      await ocean.must(owner, { to: exchange, data: share });
    },
  };
}
