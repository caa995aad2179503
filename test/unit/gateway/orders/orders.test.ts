import { expect } from 'chai';
import fc from 'fast-check';
import { Interface, SigningKey, Wallet } from 'ethers';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { systemClock } from '@capstan/shared/runtime/clock';
import type { Address } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import { orderLogs } from '../../../../services/gateway/src/chain/order-logs.ts';
import type { Receipt } from '../../../../services/gateway/src/chain/receipt.ts';
import { createContracts } from '../../../../services/gateway/src/chain/contracts.ts';
import { createOrders } from '../../../../services/gateway/src/orders/orders.ts';
import { feeDigest, NO_TOKEN, providerDataOf } from '../../../../services/gateway/src/orders/fees.ts';
import { createReading } from '../../../../services/gateway/src/orders/reading.ts';
import type { OrderClaim } from '../../../../services/gateway/src/orders/claim.ts';
import { verifyOrder } from '../../../../services/gateway/src/orders/verify.ts';
import { someAssets } from '../../../support/gateway/parts.ts';

const contracts = new Interface([
  'event OrderStarted(address indexed consumer, address payer, uint256 amount, uint256 serviceIndex, uint256 timestamp, address indexed publishMarketAddress, uint256 blockNumber)',
  'event OrderReused(bytes32 orderTxId, address caller, uint256 timestamp, uint256 number)',
  'event ProviderFee(address indexed providerFeeAddress, address indexed providerFeeToken, uint256 providerFeeAmount, bytes providerData, uint8 v, bytes32 r, bytes32 s, uint256 validUntil)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
]);

describe('an order', () => {
  const NOW = 10_000;
  const ONE = 10n ** 18n;
  const node = new Wallet(`0x${'22'.repeat(32)}`);
  const former = new Wallet(`0x${'33'.repeat(32)}`);
  const provider = node.address.toLowerCase() as Address;
  const caller = `0x${'ca'.repeat(20)}` as Address;
  const other = `0x${'0e'.repeat(20)}`;
  const money = `0x${'aa'.repeat(20)}`;
  const { dataset } = someAssets();
  const withTimeout = (timeout: number): Ddo => ({
    ...dataset,
    services: dataset.services.map((service) => ({ ...service, timeout })),
  });
  const [theService] = dataset.services;
  if (!theService) throw new Error('an asset has a service');
  const datatoken = theService.datatokenAddress;

  type Log = Receipt['logs'][number];
  const log = (address: string, name: string, values: readonly unknown[]): Log => {
    const { topics, data } = contracts.encodeEventLog(name, values);
    return { address: address.toLowerCase(), topics, data };
  };
  interface Start {
    readonly by?: string;
    readonly consumer?: string;
    readonly payer?: string;
    readonly amount?: bigint;
    readonly index?: number;
    readonly at?: number;
  }
  const started = ({
    by = datatoken,
    consumer = caller,
    payer = caller,
    amount = ONE,
    index = 0,
    at = NOW,
  }: Start = {}) => log(by, 'OrderStarted', [consumer, payer, amount, index, at, other, 1]);
  const reused = (orderTxId: string, at = NOW) => log(datatoken, 'OrderReused', [orderTxId, caller, at, 2]);
  interface Fee {
    readonly by?: string;
    readonly amount?: bigint;
    readonly token?: string;
    readonly validUntil?: number;
    readonly subject?: object;
    readonly key?: string;
  }
  const fee = ({
    by = datatoken,
    amount = 0n,
    token = NO_TOKEN,
    validUntil = NOW + 60,
    subject = {},
    key = node.privateKey,
  }: Fee = {}) => {
    const data = { environment: 'local', timestamp: 1, dt: datatoken, id: theService.id, ...subject };
    const providerData = providerDataOf(data);
    const providerFeeAddress = new Wallet(key).address;
    const terms = {
      providerData,
      providerFeeAddress,
      providerFeeToken: token,
      providerFeeAmount: amount,
      validUntil: BigInt(validUntil),
    };
    const { v, r, s } = new SigningKey(key).sign(feeDigest(terms));
    return log(by, 'ProviderFee', [providerFeeAddress, token, amount, providerData, v, r, s, validUntil]);
  };
  const received = (value: bigint, to: string = provider) => log(money, 'Transfer', [datatoken, to, value]);

  const receipt = (logs: readonly Log[], more: Partial<Receipt> = {}): Receipt => ({
    chainId: 8996,
    txId: `0x${'01'.repeat(32)}`,
    isSuccess: true,
    blockNumber: 1,
    blockHash: '0x',
    logs,
    ...more,
  });
  const claimOf = (ddo: Ddo = dataset): OrderClaim => ({
    ddo,
    service: ddo.services[0] ?? theService,
    caller,
    environment: 'local',
    providers: [provider, former.address.toLowerCase() as Address],
  });
  const judging = { reading: createReading(), nowS: NOW };
  const verdict = (logs: readonly Log[], { ddo = dataset, first }: { ddo?: Ddo; first?: Receipt } = {}) => {
    const result = verifyOrder({ named: receipt(logs), ...(first ? { started: first } : {}) }, claimOf(ddo), judging);
    return result.kind === 'valid' ? 'valid' : result.code;
  };

  it('is good as its consumer, and as who paid for it', () => {
    expect(verdict([started(), fee()])).to.equal('valid');
    expect(verdict([started({ consumer: other }), fee()])).to.equal('valid');
    expect(verdict([started({ payer: other }), fee()])).to.equal('valid');
    expect(verdict([started({ payer: other, consumer: other }), fee()])).to.equal('order_wrong_consumer');
  });

  it('says which transaction started it, and what its fee paid for', () => {
    const result = verifyOrder({ named: receipt([started(), fee()]) }, claimOf(), judging);
    expect(result).to.deep.equal({
      kind: 'valid',
      order: {
        chainId: 8996,
        orderTx: receipt([]).txId,
        transferTx: receipt([]).txId,
        datatoken: datatoken.toLowerCase(),
        fee: { token: NO_TOKEN, amount: 0n, validUntil: NOW + 60 },
      },
    });
  });

  it('counts only what the datatoken itself emitted, wherever else the same is said', () => {
    expect(verdict([started({ by: other }), fee()])).to.equal('order_not_of_datatoken');
    expect(verdict([started(), fee({ by: other })])).to.equal('fee_absent');
    expect(verdict([started({ by: other }), fee({ by: other }), started(), fee()])).to.equal('valid');
  });

  it('is of the service, whole, and of a transaction that succeeded', () => {
    expect(verdict([started({ index: 1 }), fee()])).to.equal('order_wrong_service');
    expect(verdict([started({ amount: ONE - 1n }), fee()])).to.equal('order_too_little');
    const failed = { named: receipt([started(), fee()], { isSuccess: false }) };
    expect(verifyOrder(failed, claimOf(), judging)).to.deep.equal({ kind: 'refused', code: 'order_failed' });
  });

  it('does not add up of halves of different ones', () => {
    const mine = started({ amount: ONE / 2n });
    const theirs = started({ consumer: other, payer: other });
    expect(verdict([mine, theirs, fee()])).to.equal('order_wrong_consumer');
    expect(verdict([started({ index: 1 }), started({ amount: 1n }), fee()])).to.equal('order_too_little');
  });

  it('lasts for the timeout of its service, 0 for ever', () => {
    expect(verdict([started({ at: 1 }), fee()])).to.equal('valid');
    expect(verdict([started({ at: NOW - 60 }), fee()], { ddo: withTimeout(60) })).to.equal('valid');
    expect(verdict([started({ at: NOW - 61 }), fee()], { ddo: withTimeout(60) })).to.equal('order_expired');
  });

  describe('that is reused', () => {
    const first = (start: Start = {}) => receipt([started(start)], { txId: `0x${'02'.repeat(32)}` });

    it('is the one that was started, and lasts anew', () => {
      const original = first({ at: NOW - 100 });
      expect(verdict([reused(original.txId), fee()], { first: original, ddo: withTimeout(100) })).to.equal('valid');
      const later = first({ at: NOW - 150 });
      expect(verdict([reused(later.txId, NOW - 80), fee()], { first: later, ddo: withTimeout(100) })).to.equal('valid');
    });

    it('can not be brought back once its time was over', () => {
      const original = first({ at: NOW - 150 });
      expect(verdict([reused(original.txId), fee()], { first: original, ddo: withTimeout(100) })).to.equal(
        'order_expired',
      );
    });

    it('must have been started, here, by the caller', () => {
      expect(verdict([reused(`0x${'03'.repeat(32)}`), fee()])).to.equal('order_reuse_of_unknown');
      expect(verdict([reused(first().txId), fee()], { first: first({ by: other }) })).to.equal(
        'order_reuse_of_unknown',
      );
      const theirs = first({ consumer: other, payer: other });
      expect(verdict([reused(theirs.txId), fee()], { first: theirs })).to.equal('order_wrong_consumer');
    });

    it('needs a fee of its own', () => {
      const paid = receipt([started(), fee()], { txId: `0x${'02'.repeat(32)}` });
      expect(verdict([reused(paid.txId)], { first: paid })).to.equal('fee_absent');
    });
  });

  describe('carries a fee that', () => {
    it('is ours, as we signed it', () => {
      expect(verdict([started(), fee({ key: Wallet.createRandom().privateKey })])).to.equal('fee_of_other_provider');
      expect(verdict([started(), fee({ key: former.privateKey })])).to.equal('valid');
      expect(verdict([started(), fee({ key: former.privateKey, validUntil: NOW })])).to.equal('fee_expired');
      const good = fee();
      const [topic = '', address = '', token = ''] = good.topics;
      const values = contracts.decodeEventLog('ProviderFee', good.data, good.topics).toArray() as unknown[];
      const forged = log(datatoken, 'ProviderFee', [...values.slice(0, 7), NOW + 10 ** 9]);
      expect([topic, address, token]).to.deep.equal(forged.topics);
      expect(verdict([started(), forged])).to.equal('fee_signature_invalid');
      const garbled = log(datatoken, 'ProviderFee', [...values.slice(0, 5), `0x${'0'.repeat(64)}`, ...values.slice(6)]);
      expect(verdict([started(), garbled])).to.equal('fee_signature_invalid');
    });

    it('is for this datatoken, service and environment, whatever the letters of the address', () => {
      expect(verdict([started(), fee({ subject: { dt: datatoken.toLowerCase() } })])).to.equal('valid');
      expect(verdict([started(), fee({ subject: { dt: other } })])).to.equal('fee_wrong_datatoken');
      expect(verdict([started(), fee({ subject: { dt: undefined } })])).to.equal('fee_wrong_datatoken');
      expect(verdict([started(), fee({ subject: { id: 'x' } })])).to.equal('fee_wrong_service');
      expect(verdict([started(), fee({ subject: { environment: 'x' } })])).to.equal('fee_wrong_environment');
    });

    it('is for the chain of the asset, where it names one', () => {
      expect(verdict([started(), fee({ subject: { chainId: dataset.chainId } })])).to.equal('valid');
      for (const chainId of [1, String(dataset.chainId), null]) {
        expect(verdict([started(), fee({ subject: { chainId } })]), String(chainId)).to.equal('fee_wrong_chain');
      }
    });

    it('still pays', () => {
      expect(verdict([started(), fee({ validUntil: NOW + 1 })])).to.equal('valid');
      expect(verdict([started(), fee({ validUntil: NOW })])).to.equal('fee_expired');
    });

    it('has arrived, but for a share that the contracts keep', () => {
      const sold = fee({ amount: 100n, token: money });
      expect(verdict([started(), sold])).to.equal('fee_not_received');
      expect(verdict([started(), sold, received(100n)])).to.equal('valid');
      expect(verdict([started(), sold, received(95n)])).to.equal('valid');
      expect(verdict([started(), sold, received(89n)])).to.equal('fee_not_received');
      expect(verdict([started(), sold, received(100n, other)])).to.equal('fee_not_received');
      expect(verdict([started(), sold, { ...received(100n), address: other }])).to.equal('fee_not_received');
    });

    it('is found among others', () => {
      expect(verdict([started(), fee({ subject: { id: 'x' } }), fee()])).to.equal('valid');
    });
  });

  it('is read out of logs of all kinds without a word', () => {
    const hex = fc.uint8Array({ maxLength: 100 }).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`);
    const topics = fc.array(
      fc.oneof(fc.constantFrom(...started().topics, ...fee().topics, ...received(1n).topics), hex),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(fc.array(fc.record({ address: fc.constant(datatoken), topics, data: hex })), (logs) => {
        expect(orderLogs(logs)).to.be.an('array');
        expect(['order_not_of_datatoken', 'order_reuse_of_unknown']).to.include(verdict(logs));
      }),
    );
  });
});

describe('the orders of an asset that another provider holds', () => {
  const { dataset } = someAssets();
  const asset = (serviceEndpoint?: string) => {
    const [service] = dataset.services;
    if (!service) throw new Error('an asset has a service');
    const held = { ...service, ...(serviceEndpoint === undefined ? {} : { serviceEndpoint }) };
    return { resource: 'dataset', ddo: { ...dataset, services: [held] }, service: held, transferTxId: undefined };
  };
  const ordersAt = (publicUrl: string | undefined) =>
    createOrders({
      chains: new Map(),
      receipts: { find: () => Promise.reject(new Error('nothing is looked up')) },
      contracts: createContracts(),
      publicUrl,
      providers: [`0x${'1'.repeat(40)}` as Address],
      clock: systemClock,
    });
  const reasonAt = (publicUrl: string | undefined, serviceEndpoint?: string) => {
    try {
      return ordersAt(publicUrl).chainOf(asset(serviceEndpoint));
    } catch (error) {
      return error instanceof CapstanError ? error.facts.reason : error;
    }
  };

  it('are refused before anybody pays, where the node knows its own address', () => {
    const own = 'https://node.example';
    expect(reasonAt(own, 'https://other.example/')).to.equal('held_by_other_provider');
    expect(reasonAt(own, 'not an address')).to.equal('held_by_other_provider');
    for (const here of [undefined, 'https://node.example', 'https://NODE.example:443/'])
      expect(reasonAt(own, here), here).to.equal('chain_not_served');
    expect(reasonAt(undefined, 'https://other.example/')).to.equal('chain_not_served');
  });
});
