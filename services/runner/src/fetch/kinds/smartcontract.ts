/** What a contract's function returns, asked of the operator's RPC endpoints of its chain, one after the other. */
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { limited } from '@capstan/shared/runtime/limited';
import type { ChainConfig } from '@capstan/shared/config/chains';
import { hasCode, type CapstanError } from '@capstan/shared/contract/errors';
import { boundedText } from '@capstan/shared/net/bounded-text';
import { compile } from '@capstan/shared/schema/validate';
import type { Content } from '../content.ts';
import type { Download } from '../download.ts';
import { failed, interrupted, postOf, requestTo, type FileOf, type UserData } from '../source.ts';
import type { RunApart } from '../apart.ts';
import { requireModestTypes } from '../abi-bounds.ts';
import type { ContractCall } from './contract-call.ts';
import type { ContractTask } from './contract-worker.ts';
import { parseJson } from '@capstan/shared/runtime/json';

/** An answer is hex in JSON and is read into memory. */
const MAX_ANSWER_BYTES = 10_000_000;

const validate = compile(
  Type.Object({
    result: Type.Optional(Type.String({ pattern: '^0x[0-9a-fA-F]*$' })),
    error: Type.Optional(Type.Unknown()),
  }),
);

/** An answer of the largest size, of many small values, takes a second or two. */
const MAX_MS = 20_000;
const MAX_MEMORY_MB = 512;
const MODULE = new URL('./contract-worker.ts', import.meta.url);

interface Calling {
  readonly chains: readonly ChainConfig[];
  readonly downloadFrom: (operatorsOwn: string) => Download;
  readonly apart: RunApart;
}

export async function callContract(
  file: FileOf<'smartcontract'>,
  userdata: UserData,
  { chains, downloadFrom, apart }: Calling,
  signal: AbortSignal,
): Promise<Content> {
  const chain = chains.find(({ id }) => id === file.chainId);
  if (!chain) throw failed(`this node has no access to the chain ${file.chainId}`);
  const inThread = (input: ContractTask) =>
    apart({ module: MODULE, input, maxMs: MAX_MS, maxMemoryMB: MAX_MEMORY_MB }, signal);
  requireModestTypes(file.abi.inputs, file.abi.outputs);
  const call = (await inThread({ kind: 'encode', file, userdata })) as ContractCall;
  const read = async (answer: string) => {
    // What has no code returns nothing, whatever is asked of it.
    if (answer === '0x' && (file.abi.outputs ?? []).length > 0) throw failed('there is no such contract on its chain');
    return Buffer.from((await inThread({ kind: 'decode', file, answer })) as string);
  };
  const bytes = await firstAnswer(chain, { call, read, downloadFrom }, signal);
  return { sizeBytes: bytes.length, body: Readable.from([bytes]) };
}

interface Question extends Pick<Calling, 'downloadFrom'> {
  readonly call: ContractCall;
  /** Throws FETCH_FAILED for what is no answer. */
  readonly read: (answer: string) => Promise<Buffer>;
}

/**
 * An endpoint that fails is passed over, and so is one that says no, or something that is no answer: it may lag behind the others, or not
 * be well. Where all say no, that is the answer; where one did not answer, it may know better the next time.
 */
async function firstAnswer(
  { rpc, timeoutS }: ChainConfig,
  { call, read, downloadFrom }: Question,
  signal: AbortSignal,
): Promise<Buffer> {
  let refusal: CapstanError | undefined;
  let isUnanimous = true;
  for (const endpoint of rpc) {
    try {
      using limit = limited(timeoutS * 1_000, signal);
      return await read(await ask(endpoint, call, downloadFrom(endpoint), limit.signal));
    } catch (error) {
      signal.throwIfAborted();
      if (hasCode(error, 'FETCH_FAILED')) refusal ??= error;
      else isUnanimous = false;
    }
  }
  if (refusal && isUnanimous) throw refusal;
  throw interrupted(refusal?.message ?? 'no endpoint of its chain answers', refusal);
}

async function ask(endpoint: string, call: ContractCall, download: Download, signal: AbortSignal): Promise<string> {
  const content = await download(
    postOf(requestTo(endpoint), { jsonrpc: '2.0', id: 1, method: 'eth_call', params: [call, 'latest'] }),
    signal,
  ).catch((error: unknown) => {
    // Which status an endpoint of ours answers says nothing about the file.
    throw interrupted('an endpoint of its chain does not answer', error);
  });
  const answer = await boundedText({ body: content.body }, MAX_ANSWER_BYTES);
  if (answer.kind === 'refused') throw interrupted('an endpoint of its chain answers too much');
  const checked = validate(parseJson(answer.text));
  if (!checked.ok) throw interrupted('an endpoint of its chain answers no JSON-RPC');
  const { result, error } = checked.value;
  if (result !== undefined && result.length % 2 === 0) return result;
  if (isRefusal(error)) throw failed('its contract refuses the call');
  throw interrupted('an endpoint of its chain can not answer');
}

/** JSON-RPC's code for a call that was executed and reverted, and what nodes say that have another one. */
function isRefusal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return code === 3 || (typeof message === 'string' && /revert/i.test(message));
}
