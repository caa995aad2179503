/**
 * The logs of a transaction that an order may be read from, PURE. Anyone may name any transaction, with thousands of logs in it: they are
 * told apart by their raw text, before anything is decoded.
 */
import type { RpcLog } from './rpc-log.ts';
import { TOPICS } from './topics.ts';

/** Ocean's largest purchase is 50 orders, with fewer than ten of these each. A transaction with more is no order. */
export const MOST_ORDER_LOGS = 1_000;
const MAX_ORDER_CHARS = 1_000_000;

/** What a provider writes into a fee is some 300 bytes. */
const MAX_DATA_CHARS = 12_000;

const names = new Set<string>(Object.values(TOPICS));
const WORD_PREFIX = `0x${'0'.repeat(24)}`;

export const nameOf = ({ topics: [name = ''] }: Pick<RpcLog, 'topics'>) => name.toLowerCase();

/** Events of orders, by whomever, and the transfers that can pay one of the fees among them. In their order. */
export function orderLogs(logs: readonly RpcLog[]): readonly RpcLog[] {
  const named = logs.filter((log) => names.has(nameOf(log)) && log.data.length <= MAX_DATA_CHARS);
  const owed = new Set(
    named
      .filter((log) => nameOf(log) === TOPICS.fee)
      .map(({ topics: [, provider = '', token = ''] }) => `${token} ${provider}`.toLowerCase()),
  );
  const pays = ({ address, topics: [, , to = ''] }: RpcLog) =>
    owed.has(`${WORD_PREFIX}${address.slice(2)} ${to}`.toLowerCase());
  return named.filter((log) => nameOf(log) !== TOPICS.transfer || pays(log));
}

/** Whether these may be an order's. */
export const fitAnOrder = (logs: readonly RpcLog[]): boolean =>
  logs.length <= MOST_ORDER_LOGS && logs.reduce((chars, { data }) => chars + data.length, 0) <= MAX_ORDER_CHARS;
