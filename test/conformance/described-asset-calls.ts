/** Requests that bring about every answer of the routes about assets and their files. */
import { getBytes, keccak256, toUtf8Bytes, Wallet } from 'ethers';
import { answerQuestions } from '@capstan/shared/bus/request';
import { FILE_CHECK } from '@capstan/shared/bus/subjects';
import type { Caller } from '../support/gateway/caller.ts';
import { offerDownload, sendFile } from '../support/gateway/played-sender.ts';
import { publishable } from '../support/descriptions/publishable.ts';
import type { GatewayScene } from '../support/gateway/scene.ts';
import type { Call, DescribedCalls } from './call.ts';

export const TOO_LARGE = {
  body: JSON.stringify('x'.repeat(1_000_001)),
  headers: { 'content-type': 'application/json' },
};
export const NO_JSON = { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
/** A description that is recorded on a chain, and who may have it opened. */
export interface Opening {
  readonly decrypter: Wallet;
  readonly chainId: number;
  readonly transactionId: string;
}

type AssetCalls = Pick<
  DescribedCalls['calls'],
  'fileinfo' | 'decrypt' | 'download' | 'assetDescription' | 'validateAsset' | 'queryAssets'
>;

export function assetCalls(scene: () => GatewayScene, opening: () => Opening): AssetCalls {
  const decryptCall = async (chainId: number, wallet = opening().decrypter): Promise<Call> => {
    const { transactionId } = opening();
    const nonce = String(Date.now() * 1_000 + (opened += 1));
    const text = transactionId + wallet.address + String(chainId) + nonce;
    const signature = await wallet.signMessage(getBytes(keccak256(toUtf8Bytes(text))));
    return { body: { decrypterAddress: wallet.address, chainId, transactionId, nonce, signature } };
  };
  let opened = 0;
  const downloadCall = async (who: Caller): Promise<Call> => {
    const { id, services } = await offerDownload(scene().dataDir);
    const nonce = who.nextNonce();
    const signature = await who.sign(id + nonce);
    const named = { documentId: id, serviceId: services[0]?.id, consumerAddress: who.address };
    return { query: { ...named, nonce, signature, transferTxId: 'free' } };
  };
  return {
    fileinfo: {
      200: async () => {
        const answered = new AbortController();
        answerQuestions(scene().bus, {
          subject: FILE_CHECK,
          answer: () => {
            answered.abort();
            const file = { index: 0, valid: true, type: 'url', contentLength: '5', contentType: 'text/plain' };
            return Promise.resolve({ v: 1, files: [file] });
          },
          onError: () => undefined,
          signal: answered.signal,
        });
        await scene().bus.connection().flush();
        return { body: { type: 'url', url: 'https://example.org/data' } };
      },
      400: () => ({ body: { did: `did:op:${'0'.repeat(64)}` } }),
      401: () => ({ body: { type: 'url', url: 'https://example.org/' }, headers: { AuthToken: 'none' } }),
      413: () => TOO_LARGE,
      415: () => NO_JSON,
      503: () => ({ body: { type: 'url', url: 'https://example.org/elsewhere' } }),
    },
    decrypt: {
      201: () => decryptCall(opening().chainId),
      400: () => ({ body: { chainId: 'x' } }),
      401: async () => {
        const { body } = await decryptCall(opening().chainId);
        return { body: { ...(body as object), nonce: '1' } };
      },
      403: () => decryptCall(opening().chainId, new Wallet(Wallet.createRandom().privateKey)),
      413: () => TOO_LARGE,
      415: () => NO_JSON,
      503: () => decryptCall(8996),
    },
    download: {
      200: async (who) => {
        await sendFile(scene().bus, '123', 200);
        return downloadCall(who);
      },
      206: async (who) => {
        await sendFile(scene().bus, '12', 206, { 'content-range': 'bytes 1-2/3' });
        return { ...(await downloadCall(who)), headers: { range: 'bytes=1-' } };
      },
      400: () => ({ query: { fileIndex: 'x' } }),
      401: async (who) => ({ query: { ...(await downloadCall(who)).query, signature: `0x${'11'.repeat(65)}` } }),
      404: async (who) => {
        await sendFile(scene().bus, '', 502);
        return downloadCall(who);
      },
      416: async (who) => {
        await sendFile(scene().bus, '', 416, { 'content-range': 'bytes */3' });
        return { ...(await downloadCall(who)), headers: { range: 'bytes=9-' } };
      },
      503: downloadCall,
    },
    assetDescription: {
      200: () => ({ at: `/api/aquarius/assets/ddo/${scene().dataset.id}` }),
      401: () => ({ at: `/api/aquarius/assets/ddo/${scene().dataset.id}`, headers: { AuthToken: 'none' } }),
      404: () => ({ at: `/api/aquarius/assets/ddo/did:op:${'0'.repeat(64)}` }),
    },
    validateAsset: {
      200: () => ({ body: JSON.stringify(publishable()) }),
      400: () => ({ body: '{}' }),
      413: () => TOO_LARGE,
    },
    queryAssets: {
      200: () => ({ body: { query: { match: { name: 'data' } } } }),
      400: () => ({ body: { query: { script: {} } } }),
      401: () => ({ body: {}, headers: { AuthToken: 'none' } }),
      413: () => TOO_LARGE,
      415: () => NO_JSON,
    },
  };
}
