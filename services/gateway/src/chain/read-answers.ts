/** What an endpoint's text says to some questions, PURE: no more of it than the node keeps, and of each answer whether it is one. */
import { readJson, type JsonBounds } from '@capstan/shared/runtime/json';
import { answerTo, type Question } from './answers.ts';

/** Ten thousand logs, as endpoints write them. */
const BOUNDS: JsonBounds = { maxDepth: 50, maxMembers: 300_000 };

export type ReadAnswer =
  /** Undefined for a call that a contract refuses, and for logs that the endpoint does not look through. */
  { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'problem'; readonly problem: string };

export type ReadAnswers =
  | { readonly kind: 'read'; readonly answers: readonly ReadAnswer[] }
  /** `problem` goes on after "it". */
  | { readonly kind: 'refused'; readonly problem: string };

/** The questions were asked under their index. */
export function readAnswers(text: string, questions: readonly Question[]): ReadAnswers {
  const json = readJson(text, BOUNDS);
  if (json.kind === 'refused') return { kind: 'refused', problem: `its answer ${json.problem}` };
  const all: readonly unknown[] = Array.isArray(json.value) ? json.value : [json.value];
  const byId = new Map(all.filter(isResult).map((one) => [one.id, one]));
  return { kind: 'read', answers: questions.map((question, id) => answerOf(question, byId.get(id))) };
}

interface RpcResult {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

const isResult = (value: unknown): value is RpcResult => typeof value === 'object' && value !== null;

const nothing: ReadAnswer = { kind: 'value', value: undefined };
const problem = (text: string): ReadAnswer => ({ kind: 'problem', problem: text });

function answerOf(question: Question, { result, error }: RpcResult = {}): ReadAnswer {
  const { method } = question;
  if (error !== undefined && error !== null) {
    if (method === 'eth_call' && isRefusal(error)) return nothing;
    // An answer of the endpoint, which is well: it wants a smaller range, in words and under codes that differ from one to the next.
    if (method === 'eth_getLogs') return nothing;
    return problem(`it answers ${method} with an error`);
  }
  const answer = answerTo(question, result);
  return answer ? { kind: 'value', value: answer.value } : problem(nonsense(method));
}

export const nonsense = (method: Question['method']) => `it answers ${method} with nonsense`;

/**
 * JSON-RPC's code for a call that was executed and reverted, and what nodes say that have another one. A contract that uses up its gas, or
 * makes no sense, is a stranger's, and no fault of the endpoint.
 */
const FAILED_CALL = /revert|opcode|invalid ?jump|stack ?(under|over)flow|out ?of ?gas/i;

function isRefusal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return code === 3 || (typeof message === 'string' && FAILED_CALL.test(message.slice(0, 1_000)));
}
