/** Reads events and signatures, each of them once however often it is asked for: many assets of a job may name one transaction. */
import { recoverAddress } from 'ethers';
import { nameOf } from '../chain/order-logs.ts';
import type { Receipt } from '../chain/receipt.ts';
import { TOPICS } from '../chain/topics.ts';
import { decodeLog, type ChainEvent, type ProviderFee } from './events.ts';
import { feeDigest } from './fees.ts';

type Log = Receipt['logs'][number];

export interface Reading {
  /** In their order: what the datatoken says of orders, and all that decides which fees were paid. */
  events(receipt: Pick<Receipt, 'logs'>, datatoken: string): readonly ChainEvent[];
  /** Who signed a fee, in lower case; undefined if nobody did. */
  signerOf(fee: ProviderFee): string | undefined;
}

interface ReadingOptions {
  readonly decode?: (log: Log) => ChainEvent | undefined;
  readonly recover?: (fee: ProviderFee) => string | undefined;
}

export function createReading({ decode = decodeLog, recover = recoverSigner }: ReadingOptions = {}): Reading {
  const decoded = onceEach(decode);
  const recovered = onceEach(recover);
  return {
    events({ logs }, datatoken) {
      const own = datatoken.toLowerCase();
      return logs
        .filter((log) => isOfAnybody(nameOf(log)) || log.address.toLowerCase() === own)
        .flatMap((log) => decoded(log) ?? []);
    },
    signerOf: recovered,
  };
}

/** A transfer pays for one fee only, whoever's that is. */
const isOfAnybody = (name: string) => name === TOPICS.fee || name === TOPICS.transfer;

function onceEach<K extends object, V>(work: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const entry = known.get(key) ?? { value: work(key) };
    known.set(key, entry);
    return entry.value;
  };
}

function recoverSigner({ signature, address, token, amount, validUntil, providerData }: ProviderFee) {
  const terms = {
    providerData,
    providerFeeAddress: address,
    providerFeeToken: token,
    providerFeeAmount: amount,
    validUntil,
  };
  try {
    return recoverAddress(feeDigest(terms), signature).toLowerCase();
  } catch {
    return undefined;
  }
}
