/**
 * A file that another provider holds, by its download route (Ocean Provider's). This node is the consumer there: it signs with its own
 * key, and the order of the asset that travels with the job is the proof that it may.
 */
import { computeAddress, getBytes, hashMessage, keccak256, SigningKey, toUtf8Bytes } from 'ethers';
import { hasCode } from '@capstan/shared/contract/errors';
import { BUS_JSON_BOUNDS, parseJson } from '@capstan/shared/runtime/json';
import { boundedText } from '@capstan/shared/net/bounded-text';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import type { Download } from '../download.ts';
import { postOf, requestBelow, type FileOf, type SourceRequest, type UserData } from '../source.ts';

export type SignRequest = (file: FileOf<'provider'>, userdata: UserData) => SourceRequest;

/** `now`: Unix milliseconds. Each request has a nonce of its own, also the ones of the same millisecond. */
export function createProviderRequests(key: NodeKey, now: () => number): SignRequest {
  const signer = new SigningKey(key.secret());
  const consumerAddress = computeAddress(signer);
  let lastNonce = 0;

  const sign = (message: string) => signer.sign(hashMessage(getBytes(keccak256(toUtf8Bytes(message))))).serialized;

  return ({ endpoint, documentId, serviceId, transferTxId, fileIndex }, userdata) => {
    lastNonce = Math.max(lastNonce + 1, now());
    const nonce = String(lastNonce);
    const request = requestBelow(endpoint, 'api/services/download');
    request.url.search = new URLSearchParams({
      documentId,
      serviceId,
      transferTxId,
      fileIndex: String(fileIndex),
      consumerAddress,
      nonce,
      signature: sign(documentId + nonce),
      // Where the file is, nobody but that provider knows: it passes them on to the source itself.
      ...(Object.keys(userdata).length === 0 ? {} : { userdata: JSON.stringify(userdata) }),
    }).toString();
    return request;
  };
}

/** A service at another provider. */
export type Held = Omit<FileOf<'provider'>, 'type' | 'fileIndex'>;

const MAX_ANSWER_BYTES = 1_000_000;

/** How many files the provider says a service has, by its fileinfo route; undefined where it doesn't say. */
export async function countFiles(
  { endpoint, documentId, serviceId }: Held,
  download: Download,
  signal: AbortSignal,
): Promise<number | undefined> {
  const request = requestBelow(endpoint, 'api/services/fileinfo');
  try {
    const { body } = await download(postOf(request, { did: documentId, serviceId }), signal);
    const read = await boundedText({ body }, MAX_ANSWER_BYTES);
    const answer = read.kind === 'text' ? parseJson(read.text, BUS_JSON_BOUNDS) : undefined;
    return Array.isArray(answer) && answer.length > 0 ? answer.length : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'FETCH_INTERRUPTED')) throw error;
    return undefined;
  }
}
