/** A recorded description opened for an indexer that the operator listed. */
import type { DecryptRequest } from '@capstan/shared/contract/asset-requests';
import { parseAddress, type Address, type Nonce } from '@capstan/shared/contract/ids';
import { deadline } from '@capstan/shared/runtime/deadline';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { unlessAborted } from '@capstan/shared/runtime/unless-aborted';
import type { OpenRecorded, Recorded } from '../assets/recorded.ts';
import type { Authenticate, Caller } from '../auth/authenticate.ts';
import { decryptAnyMessage, decryptMessage } from '../auth/message.ts';
import type { NonceBook } from '../auth/nonce-book.ts';
import type { Store } from '../store/store.ts';

interface DecryptOptions {
  readonly decrypters: readonly string[];
  readonly recorded: OpenRecorded;
  readonly authenticate: Authenticate;
  readonly nonces: Pick<NonceBook, 'spend'>;
  readonly store: Pick<Store, 'write'>;
}

export type Decrypt = (request: DecryptRequest) => Promise<string>;

/** Indexers wait for four seconds. */
const MAX_MS = 3_500;
/** Of addresses that the operator lists there are as many as there are, wherever they come from. */
const LISTED = '';
/** Texts under one nonce. */
const MOST_TEXTS = 1_000;

/** Resolves to the text. Rejects with FORBIDDEN, INVALID_SIGNATURE, VALIDATION, REFUSED or CHAIN_UNAVAILABLE. */
export function createDecrypt(options: DecryptOptions): Decrypt {
  const { recorded, authenticate, nonces, store } = options;
  const listed = new Set(options.decrypters.map((address) => parseAddress(address)));
  /** Indexers count in seconds: what came under the last nonce of each, by its digest. */
  const last = new Map<Address, { readonly nonce: Nonce; readonly digests: Set<string> }>();

  const prove = async ({ decrypterAddress, nonce, signature, ...request }: DecryptRequest): Promise<Caller> => {
    const credentials = { consumerAddress: decrypterAddress, nonce, signature };
    const parts = { ...request, chainId: String(request.chainId), decrypterAddress };
    const asAquarius = (signed: string) => decryptMessage({ ...parts, nonce: signed });
    const asOceanNode = (signed: string) => decryptAnyMessage({ ...parts, nonce: signed });
    try {
      return await authenticate.prove(credentials, { purpose: 'decrypt', text: asAquarius });
    } catch (error) {
      if (!hasCode(error, 'INVALID_SIGNATURE')) throw error;
      return authenticate.prove(credentials, { purpose: 'decrypt', text: asOceanNode }).catch(() => {
        throw error;
      });
    }
  };

  /** Another text under the very nonce that was used last is another request of the same second; the same text is a repetition. */
  const admit = async (caller: Caller): Promise<void> => {
    const { address, nonce } = caller;
    const digest = Buffer.from(caller.digest ?? []).toString('hex');
    const known = last.get(address);
    if (known?.nonce === nonce && !known.digests.has(digest) && known.digests.size < MOST_TEXTS) {
      known.digests.add(digest);
      return;
    }
    authenticate.admit(caller);
    await store.write(() => nonces.spend(address, nonce, LISTED));
    last.set(address, { nonce, digests: new Set([digest]) });
  };

  return async (request) => {
    if (!listed.has(parseAddress(request.decrypterAddress))) throw notListed();
    const caller = await prove(request);
    const chainId = Number(request.chainId);
    if (!recorded.serves(chainId))
      throw invalid('chainId', 'The chainId field must be a chain that this node can ask.');
    const asked = recordedIn(request);
    await admit(caller);
    const signal = deadline(MAX_MS);
    return unlessAborted(recorded.open(chainId, asked), signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
      throw new CapstanError('CHAIN_UNAVAILABLE', `Chain ${chainId} did not answer in time. Try again shortly.`);
    });
  };
}

function recordedIn(request: DecryptRequest): Recorded {
  const { transactionId, dataNftAddress, encryptedDocument, flags, documentHash } = request;
  if (transactionId !== undefined) return { kind: 'transaction', txId: transactionId, nftAddress: dataNftAddress };
  if (dataNftAddress === undefined || encryptedDocument === undefined || flags === undefined || !documentHash) {
    const needed = { dataNftAddress, encryptedDocument, flags, documentHash };
    const missing = Object.entries(needed).filter(([, value]) => value === undefined);
    const fields = missing.map(([name]): [string, string[]] => [
      name,
      [`The ${name} field is required where there is no transactionId.`],
    ]);
    throw new CapstanError('VALIDATION', 'Validation error', { fields: Object.fromEntries(fields) });
  }
  const record = {
    blockNumber: 0,
    flags: Number(flags),
    data: Buffer.from(encryptedDocument.slice(2), 'hex'),
    hash: documentHash.replace(/^0x/, '').toLowerCase(),
  };
  return { kind: 'document', nftAddress: dataNftAddress, record };
}

function notListed(): CapstanError {
  return new CapstanError('FORBIDDEN', 'Decrypter not authorized', {
    detail: "This node opens descriptions for the addresses in the operator's setting gateway.decrypters alone.",
  });
}

function invalid(field: string, text: string): CapstanError {
  return new CapstanError('VALIDATION', 'Validation error', { fields: { [field]: [text] } });
}
