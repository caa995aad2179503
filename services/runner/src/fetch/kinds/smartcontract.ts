/** What a contract's function returns, asked of the operator's RPC endpoints of its chain, one after the other. */
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { Type } from 'typebox';
import { deadline } from '@capstan/shared/deadline';
import type { ChainConfig } from '@capstan/shared/config/chains';
import { hasCode } from '@capstan/shared/errors';
import { compile } from '@capstan/shared/validate';
import { limitBytes, type Content } from '../content.ts';
import type { Download } from '../download.ts';
import { failed, interrupted, postOf, requestTo, type FileOf, type UserData } from '../source.ts';
import { decodeResult, encodeCall, type ContractCall } from './contract-call.ts';
import { parseJson } from '@capstan/shared/json';

/** An answer is hex in JSON and is read into memory. */
const MAX_ANSWER_BYTES = 10_000_000;

const validate = compile(
  Type.Object({
    result: Type.Optional(Type.String({ pattern: '^0x([0-9a-fA-F]{2})*$' })),
    error: Type.Optional(Type.Unknown()),
  }),
);

interface Calling {
  readonly chains: readonly ChainConfig[];
  readonly downloadFrom: (operatorsOwn: string) => Download;
}

export async function callContract(
  file: FileOf<'smartcontract'>,
  userdata: UserData,
  { chains, downloadFrom }: Calling,
  signal: AbortSignal,
): Promise<Content> {
  const chain = chains.find(({ id }) => id === file.chainId);
  if (!chain) throw failed(`this node has no access to the chain ${file.chainId}`);
  const call = encodeCall(file, userdata);
  const answer = await firstAnswer(chain, call, downloadFrom, signal);
  // What has no code returns nothing, whatever is asked of it.
  if (answer === '0x' && (file.abi.outputs ?? []).length > 0) throw failed('there is no such contract on its chain');
  const bytes = Buffer.from(decodeResult(file, answer));
  return { sizeBytes: bytes.length, body: Readable.from([bytes]) };
}

/** A call that the contract refuses is refused everywhere; an endpoint that fails is passed over. */
async function firstAnswer(
  { rpc, timeoutS }: ChainConfig,
  call: ContractCall,
  downloadFrom: Calling['downloadFrom'],
  signal: AbortSignal,
): Promise<string> {
  for (const endpoint of rpc) {
    try {
      const limited = AbortSignal.any([signal, deadline(timeoutS * 1_000)]);
      return await ask(endpoint, call, downloadFrom(endpoint), limited);
    } catch (error) {
      signal.throwIfAborted();
      if (hasCode(error, 'FETCH_FAILED')) throw error;
    }
  }
  throw interrupted('no endpoint of its chain answers');
}

async function ask(endpoint: string, call: ContractCall, download: Download, signal: AbortSignal): Promise<string> {
  const content = await download(
    postOf(requestTo(endpoint), { jsonrpc: '2.0', id: 1, method: 'eth_call', params: [call, 'latest'] }),
    signal,
  ).catch((error: unknown) => {
    // Which status an endpoint of ours answers says nothing about the file.
    throw interrupted('an endpoint of its chain does not answer', error);
  });
  const limited = limitBytes(MAX_ANSWER_BYTES);
  content.body.on('error', (error) => limited.destroy(error));
  const checked = validate(parseJson(await textOf(content.body.pipe(limited))));
  if (!checked.ok) throw interrupted('an endpoint of its chain answers no JSON-RPC');
  const { result, error } = checked.value;
  if (result !== undefined) return result;
  if (isRefusal(error)) throw failed('its contract refuses the call');
  throw interrupted('an endpoint of its chain can not answer');
}

/** JSON-RPC's code for a call that was executed and reverted, and what nodes say that have another one. */
function isRefusal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return code === 3 || (typeof message === 'string' && /revert/i.test(message));
}
