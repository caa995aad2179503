/** What a receipt says happened, PURE: the events of datatokens and of the tokens that fees are paid in, each with who emitted it. */
import { Interface, type Result } from 'ethers';
import type { Receipt } from '../chain/receipts.ts';

const contracts = new Interface([
  'event OrderStarted(address indexed consumer, address payer, uint256 amount, uint256 serviceIndex, uint256 timestamp, address indexed publishMarketAddress, uint256 blockNumber)',
  'event OrderReused(bytes32 orderTxId, address caller, uint256 timestamp, uint256 number)',
  'event ProviderFee(address indexed providerFeeAddress, address indexed providerFeeToken, uint256 providerFeeAmount, bytes providerData, uint8 v, bytes32 r, bytes32 s, uint256 validUntil)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
]);

/** Every address in lower case; anyone can emit anything, so `by` decides what an event is worth. */
interface Emitted {
  readonly by: string;
}

export interface OrderStarted extends Emitted {
  readonly kind: 'started';
  readonly consumer: string;
  readonly payer: string;
  readonly amount: bigint;
  readonly serviceIndex: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
}

export interface OrderReused extends Emitted {
  readonly kind: 'reused';
  readonly orderTxId: string;
  readonly caller: string;
  readonly timestamp: bigint;
}

export interface ProviderFee extends Emitted {
  readonly kind: 'fee';
  readonly address: string;
  readonly token: string;
  readonly amount: bigint;
  /** Hex. */
  readonly providerData: string;
  readonly signature: { readonly v: number; readonly r: string; readonly s: string };
  readonly validUntil: bigint;
}

export interface Transfer extends Emitted {
  readonly kind: 'transfer';
  readonly to: string;
  readonly value: bigint;
}

export type ChainEvent = OrderStarted | OrderReused | ProviderFee | Transfer;

export function eventsIn({ logs }: Pick<Receipt, 'logs'>): readonly ChainEvent[] {
  return logs.flatMap(({ address, topics, data }) => {
    const event = parsed(topics, data);
    return event ? [{ ...event, by: address.toLowerCase() }] : [];
  });
}

type Unsigned<T> = T extends Emitted ? Omit<T, 'by'> : never;

function parsed(topics: readonly string[], data: string): Unsigned<ChainEvent> | undefined {
  try {
    const log = contracts.parseLog({ topics: [...topics], data });
    return log ? asEvent(log.name, log.args) : undefined;
  } catch {
    // Another contract's event under the same name, e.g. the Transfer of an NFT.
    return undefined;
  }
}

function asEvent(name: string, args: Result): Unsigned<ChainEvent> | undefined {
  const address = (key: string) => String(args[key]).toLowerCase();
  const number = (key: string) => args[key] as bigint;
  switch (name) {
    case 'OrderStarted':
      return {
        kind: 'started',
        consumer: address('consumer'),
        payer: address('payer'),
        amount: number('amount'),
        serviceIndex: number('serviceIndex'),
        timestamp: number('timestamp'),
      };
    case 'OrderReused':
      return {
        kind: 'reused',
        orderTxId: String(args['orderTxId']),
        caller: address('caller'),
        timestamp: number('timestamp'),
      };
    case 'ProviderFee':
      return {
        kind: 'fee',
        address: address('providerFeeAddress'),
        token: address('providerFeeToken'),
        amount: number('providerFeeAmount'),
        providerData: String(args['providerData']),
        signature: { v: Number(args['v']), r: String(args['r']), s: String(args['s']) },
        validUntil: number('validUntil'),
      };
    case 'Transfer':
      return { kind: 'transfer', to: address('to'), value: number('value') };
    default:
      return undefined;
  }
}
