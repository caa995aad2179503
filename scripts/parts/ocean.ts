/** A market on a chain of our own: Ocean's own contracts, deployed, and what publishers and consumers do with them. */
import { createRequire } from 'node:module';
import {
  Contract,
  ContractFactory,
  getAddress,
  HDNodeWallet,
  hexlify,
  Interface,
  JsonRpcProvider,
  toBeHex,
  Wallet,
  ZeroAddress,
} from 'ethers';
import type { InterfaceAbi } from 'ethers';
import type { ProviderFee } from '@capstan/shared/contract/quotes';
import type { Anvil } from './anvil.ts';

/** A wallet with money for its transactions, as long as it only sends them through here. */
export type Account = Pick<Wallet, 'address' | 'privateKey'>;

export interface TokenPair {
  readonly nftAddress: string;
  readonly datatokenAddress: string;
}

/** What is left of a transaction. */
export interface Mined {
  readonly txId: string;
  readonly isSuccess: boolean;
  readonly blockNumber: number;
  readonly contractAddress: string | null;
  readonly logs: readonly { readonly address: string; readonly topics: string[]; readonly data: string }[];
}

export interface NewOrder {
  readonly datatoken: string;
  readonly fee: ProviderFee;
  readonly serviceIndex?: number;
  /** Whom it is for; who pays, if absent. */
  readonly consumer?: string;
}

export interface NewRecord {
  /** 1: packed; 2: sealed. */
  readonly flags: number;
  readonly data: Uint8Array;
  /** Hex of the sha256 of the description's text. */
  readonly hash: string;
  readonly state?: number;
}

export interface Ocean extends AsyncDisposable {
  readonly chainId: number;
  readonly url: string;
  /** The money: a token of 18 decimals that `fund` gives away. */
  readonly money: string;
  readonly factory: string;
  readonly router: string;
  /** Where Ocean's community has its share of fees. */
  readonly community: string;
  /** One of ten that the chain gave money for its transactions. */
  account(index: number): Account;
  publish(owner: Account, name?: string): Promise<TokenPair>;
  /** Records a description with the NFT, as it is, with its hash. */
  describe(owner: Account, nft: string, record: NewRecord): Promise<Mined>;
  /** Says what has become of an asset: 0 active, 1 ended, … 5 unlisted. */
  setState(owner: Account, nft: string, state: number): Promise<void>;
  /** Gives the NFT away. */
  transferNft(owner: Account, nft: string, to: string): Promise<void>;
  mint(owner: Account, datatoken: string, to: string, count?: number): Promise<void>;
  fund(to: string, amount: bigint): Promise<void>;
  balanceOf(token: string, of: string): Promise<bigint>;
  /** Lets a datatoken take the fee, and orders with it. */
  startOrder(payer: Account, order: NewOrder): Promise<Mined>;
  reuseOrder(payer: Account, orderTx: string, order: NewOrder): Promise<Mined>;
  /** The call data of both, for those who send them in ways of their own. */
  readonly callData: {
    startOrder(consumer: string, order: NewOrder): string;
    reuseOrder(orderTx: string, order: NewOrder): string;
    approve(spender: string, amount: bigint): string;
    transfer(to: string, amount: bigint): string;
  };
  send(from: Account, transaction: { readonly to?: string; readonly data: string }): Promise<Mined>;
  /** The same; fails if the transaction does. */
  must(from: Account, transaction: { readonly to?: string; readonly data: string }): Promise<Mined>;
  /** One more of Ocean's contracts, under the chain's first account. Resolves to its address. */
  deploy(artifactPath: string, ...args: readonly unknown[]): Promise<string>;
  /** A request to the chain's node. */
  rpc(method: string, ...params: readonly unknown[]): Promise<unknown>;
  mine(blocks: number): Promise<void>;
}

/** anvil's own, known to everyone: worth nothing anywhere else. */
const PHRASE = 'test test test test test test test test test test test junk';
const GAS_LIMIT = 12_000_000n;
const MAX_FEE = 100_000_000_000n;
const ONE = 10n ** 18n;

interface Artifact {
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
}

const require = createRequire(import.meta.url);
export const artifact = (path: string) =>
  require(`@oceanprotocol/contracts/artifacts/contracts/${path}.json`) as unknown as Artifact;

const DATATOKEN = 'templates/ERC20Template.sol/ERC20Template';
const NFT = 'templates/ERC721Template.sol/ERC721Template';
export const FACTORY = 'ERC721Factory.sol/ERC721Factory';

/** Deploys the contracts in their order, under the chain's first account. */
export async function deployOcean(anvil: Pick<Anvil, 'url' | 'chainId'>): Promise<Ocean> {
  const { url, chainId } = anvil;
  const provider = new JsonRpcProvider(url, chainId, { staticNetwork: true, batchMaxCount: 1 });
  const datatokens = new Interface(artifact(DATATOKEN).abi);
  const nfts = new Interface(artifact(NFT).abi);
  const factories = new Interface(artifact(FACTORY).abi);
  const account = (index: number): Account => HDNodeWallet.fromPhrase(PHRASE, undefined, `m/44'/60'/0'/0/${index}`);
  const owner = account(0);

  const send: Ocean['send'] = async (from, transaction) => {
    const raw = await new Wallet(from.privateKey).signTransaction({
      type: 2,
      chainId,
      // Asked each time: several tests may use an account.
      nonce: Number(await provider.send('eth_getTransactionCount', [from.address, 'pending'])),
      gasLimit: GAS_LIMIT,
      maxFeePerGas: MAX_FEE,
      maxPriorityFeePerGas: 0,
      ...transaction,
    });
    // The answer is the receipt, once it is in a block.
    const receipt = (await provider.send('eth_sendRawTransactionSync', [raw])) as Record<string, unknown>;
    return {
      txId: String(receipt['transactionHash']),
      isSuccess: receipt['status'] === '0x1',
      blockNumber: Number(receipt['blockNumber']),
      contractAddress: receipt['contractAddress'] as string | null,
      logs: receipt['logs'] as Mined['logs'],
    };
  };
  const must = async (mined: Promise<Mined>): Promise<Mined> => {
    const { isSuccess, txId } = await mined;
    if (!isSuccess) throw new Error(`The transaction ${txId} failed.`);
    return mined;
  };
  const deploy = async (path: string, ...args: readonly unknown[]): Promise<string> => {
    const { abi, bytecode } = artifact(path);
    const { data } = await new ContractFactory(abi, bytecode).getDeployTransaction(...args);
    const { contractAddress } = await must(send(owner, { data }));
    return contractAddress ?? '';
  };

  const collector = await deploy(
    'communityFee/OPFCommunityFeeCollector.sol/OPFCommunityFeeCollector',
    owner.address,
    owner.address,
  );
  const money = getAddress(await deploy('utils/mock/MockERC20.sol/MockERC20', owner.address, 'Money', 'MON'));
  const router = await deploy('pools/FactoryRouter.sol/FactoryRouter', owner.address, money, money, collector, []);
  const template20 = await deploy(DATATOKEN);
  const template721 = await deploy(NFT);
  const factory = await deploy(FACTORY, template721, template20, router);
  const routers = new Interface(['function addFactory(address)']);
  await must(send(owner, { to: router, data: routers.encodeFunctionData('addFactory', [factory]) }));

  const feeOf = (fee: ProviderFee) => [
    fee.providerFeeAddress,
    fee.providerFeeToken,
    fee.providerFeeAmount,
    fee.v,
    fee.r,
    fee.s,
    fee.validUntil,
    fee.providerData,
  ];
  const callData: Ocean['callData'] = {
    startOrder: (consumer, { fee, serviceIndex = 0 }) =>
      datatokens.encodeFunctionData('startOrder', [consumer, serviceIndex, feeOf(fee), [ZeroAddress, ZeroAddress, 0]]),
    reuseOrder: (orderTx, { fee }) => datatokens.encodeFunctionData('reuseOrder', [orderTx, feeOf(fee)]),
    approve: (spender, amount) => datatokens.encodeFunctionData('approve', [spender, amount]),
    transfer: (to, amount) => datatokens.encodeFunctionData('transfer', [to, amount]),
  };
  const letPay = async (payer: Account, { datatoken, fee }: NewOrder) => {
    const amount = BigInt(fee.providerFeeAmount);
    if (amount === 0n) return;
    await must(send(payer, { to: fee.providerFeeToken, data: callData.approve(datatoken, amount) }));
  };

  return {
    chainId,
    url,
    money,
    factory,
    router,
    community: collector,
    must: (from, transaction) => must(send(from, transaction)),
    deploy,
    account,
    callData,
    send,
    async publish(publisher, name = 'Data') {
      const nft = [name, 'NFT', 1, 'https://example.com/token', true, publisher.address];
      const addresses = [publisher.address, ZeroAddress, publisher.address, ZeroAddress];
      const erc20 = [1, [`${name} access`, 'DT'], addresses, [ONE * 1_000_000n, 0], []];
      const data = factories.encodeFunctionData('createNftWithErc20', [nft, erc20]);
      const { logs } = await must(send(publisher, { to: factory, data }));
      const events = logs.flatMap((log) => factories.parseLog(log) ?? []);
      const addressIn = (name721: string) => String(events.find(({ name: each }) => each === name721)?.args[0]);
      return { nftAddress: addressIn('NFTCreated'), datatokenAddress: addressIn('TokenCreated') };
    },
    describe(publisher, nft, { flags, data, hash, state = 0 }) {
      const record = [state, 'https://node.example', '', toBeHex(flags), hexlify(data), `0x${hash}`, []];
      return must(send(publisher, { to: nft, data: nfts.encodeFunctionData('setMetaData', record) }));
    },
    async setState(publisher, nft, state) {
      await must(send(publisher, { to: nft, data: nfts.encodeFunctionData('setMetaDataState', [state]) }));
    },
    async transferNft(publisher, nft, to) {
      const data = nfts.encodeFunctionData('transferFrom', [publisher.address, to, 1]);
      await must(send(publisher, { to: nft, data }));
    },
    async mint(minter, datatoken, to, count = 1) {
      const data = datatokens.encodeFunctionData('mint', [to, ONE * BigInt(count)]);
      await must(send(minter, { to: datatoken, data }));
    },
    async fund(to, amount) {
      await must(send(owner, { to: money, data: callData.transfer(to, amount) }));
    },
    async balanceOf(token, of) {
      const contract = new Contract(token, datatokens, provider);
      return (await contract.getFunction('balanceOf').staticCall(of)) as bigint;
    },
    async startOrder(payer, order) {
      await letPay(payer, order);
      return send(payer, { to: order.datatoken, data: callData.startOrder(order.consumer ?? payer.address, order) });
    },
    async reuseOrder(payer, orderTx, order) {
      await letPay(payer, order);
      return send(payer, { to: order.datatoken, data: callData.reuseOrder(orderTx, order) });
    },
    rpc: (method, ...params) => provider.send(method, [...params]),
    async mine(blocks) {
      await provider.send('anvil_mine', [`0x${blocks.toString(16)}`]);
    },
    [Symbol.asyncDispose]() {
      provider.destroy();
      return Promise.resolve();
    },
  };
}
