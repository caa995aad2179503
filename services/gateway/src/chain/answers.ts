/** What answers of an endpoint look like, PURE: whatever looks otherwise is nonsense, and another endpoint is asked. */
import { Type, type Static } from 'typebox';
import { compile } from '@capstan/shared/schema/validate';
import { fitAnOrder, orderLogs } from './order-logs.ts';
import { Hash, LogSchema, Quantity, type RpcLog } from './rpc-log.ts';
import { RECORD_TOPICS } from './topics.ts';

/** Receipts of large transactions have some thousand logs. */
const MOST_LOGS = 10_000;
/** What the contracts that the node asks answer is a word. */
const MAX_CALL_CHARS = 10_000;

type WholeLog = Static<typeof LogSchema>;

/** What the node reads of a receipt. */
const ReceiptSchema = Type.Object({
  transactionHash: Hash,
  status: Quantity,
  blockNumber: Quantity,
  blockHash: Hash,
  logs: Type.Array(LogSchema, { maxItems: MOST_LOGS }),
});

/** `records`: logs that may describe an asset. */
export type RpcReceipt = Static<typeof ReceiptSchema> & { readonly records: readonly RpcLog[] };

const BlockSchema = Type.Object({ number: Quantity, hash: Hash, timestamp: Quantity });
export type RpcBlock = Static<typeof BlockSchema>;

const validators = {
  quantity: compile(Quantity),
  bytes: compile(Type.String({ pattern: '^0x([0-9a-fA-F]{2})*$', maxLength: MAX_CALL_CHARS })),
  receipt: compile(ReceiptSchema),
  block: compile(BlockSchema),
  logs: compile(Type.Array(LogSchema, { maxItems: MOST_LOGS })),
};

export interface Question {
  readonly method:
    | 'eth_getTransactionReceipt'
    | 'eth_getBlockByNumber'
    | 'eth_blockNumber'
    | 'eth_call'
    | 'eth_getLogs'
    | 'eth_chainId';
  readonly params: readonly unknown[];
}

export interface Request extends Question {
  /** What else must be true of an answer. */
  readonly fits?: (answer: unknown) => boolean;
}

/** In place of a receipt that is larger than any order's: no fault of its endpoint. */
export const TOO_LONG = 'too long';

/** An answer as the node keeps it; undefined for nonsense. Null stands for a transaction or a block that is not there. */
export function answerTo({ method, params }: Question, answer: unknown): { readonly value: unknown } | undefined {
  switch (method) {
    case 'eth_blockNumber':
    case 'eth_chainId':
      return validators.quantity(answer).ok ? { value: answer } : undefined;
    case 'eth_call':
      return validators.bytes(answer).ok ? { value: answer } : undefined;
    case 'eth_getLogs':
      return logsIn(answer);
    case 'eth_getTransactionReceipt':
      return answer === null ? { value: null } : receiptIn(answer, String(params[0]));
    case 'eth_getBlockByNumber': {
      if (answer === null) return { value: null };
      const checked = validators.block(answer);
      if (!checked.ok || BigInt(checked.value.number) !== BigInt(String(params[0]))) return undefined;
      const { number, hash, timestamp } = checked.value;
      return { value: { number, hash, timestamp } };
    }
  }
}

/** Without a value where there are too many, as where an endpoint does not look through so many blocks. */
function logsIn(answer: unknown): { readonly value: unknown } | undefined {
  if (isOverfull(answer)) return { value: undefined };
  const checked = validators.logs(answer);
  return checked.ok ? { value: recordLogs(checked.value, 'newest') } : undefined;
}

function receiptIn(answer: unknown, txId: string): { readonly value: unknown } | undefined {
  if (isOverfull((answer as { readonly logs?: unknown }).logs)) return { value: TOO_LONG };
  const checked = validators.receipt(answer);
  if (!checked.ok || checked.value.transactionHash.toLowerCase() !== txId.toLowerCase()) return undefined;
  const { transactionHash, status, blockNumber, blockHash, logs } = checked.value;
  const ofOrders = orderLogs(logs);
  if (!fitAnOrder(ofOrders)) return { value: TOO_LONG };
  const receipt = { transactionHash, status, blockNumber, blockHash, logs: ofOrders.map(bare) };
  return { value: { ...receipt, records: recordLogs(logs, 'oldest') } satisfies RpcReceipt };
}

const isOverfull = (logs: unknown) => Array.isArray(logs) && logs.length > MOST_LOGS;

/** Hex of a description of a megabyte, sealed. */
const MAX_RECORD_CHARS = 4_000_000;
/** Ocean's contract writes every record as it must be; an NFT of somebody's own may emit thousands that are none. */
const MOST_RECORDS = 200;

/** Those that may be records of descriptions, as many as are looked at and as fit, from one end of their order. */
function recordLogs(logs: readonly WholeLog[], end: 'newest' | 'oldest'): readonly RpcLog[] {
  const named = logs.filter(({ topics: [name = ''] }) => RECORD_TOPICS.includes(name.toLowerCase()));
  const inOrder = named.toSorted(byPlace);
  const kept: RpcLog[] = [];
  let chars = 0;
  for (const log of end === 'newest' ? inOrder.toReversed() : inOrder) {
    chars += log.data.length;
    if (kept.length === MOST_RECORDS || chars > MAX_RECORD_CHARS) break;
    kept.push(bareRecord(log));
  }
  return kept;
}

const byPlace = (a: WholeLog, b: WholeLog) =>
  Number(a.blockNumber) - Number(b.blockNumber) || Number(a.logIndex) - Number(b.logIndex);

const bare = ({ address, topics, data }: RpcLog): RpcLog => ({ address, topics, data });
const bareRecord = ({ blockNumber, logIndex, ...log }: WholeLog) => ({ ...bare(log), blockNumber, logIndex });
