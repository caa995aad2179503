/** The fixed test vector of the signatures, as an order that a node can really run. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Wallet } from 'ethers';
import type { StartRequest } from '@capstan/shared/contract/api';
import { didSuffix, parseDid } from '@capstan/shared/contract/ids';
import { assetOrder } from '../../scripts/demo/assets.ts';
import type { Order } from '../../scripts/parts/consumer.ts';
import { signedOrder, signedQuery, type Parameters, type RequestName } from '../../scripts/sign/requests.ts';
import { NODE_CONTAINER, type TestNode } from '../support/node.ts';

const wallet = new Wallet(`0x${'11'.repeat(32)}`);

/** Addresses, dataset and nonce that were signed, and the signature over them as it stands in the contract. */
export const VECTOR = {
  consumerAddress: '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A',
  documentId: `did:op:${'ab'.repeat(32)}`,
  nonce: '1732450000000',
  signature:
    '0x03972094b6a4a882adfec2eba32b6b03ff502e609e9ac509e3aa228b2a16168d5b6963a149131399b4363d1adb9f87016e389a697890007cb52fd0287055b4191c',
} as const;

/** The query of a further request of the vector's wallet, signed. */
export function signedByVector(name: RequestName, parameters: Parameters): string {
  const signed = signedQuery(name, parameters, { wallet, nonce: String(Date.now()) });
  if ('missing' in signed) throw new Error(`${name} needs ${signed.missing.join(' and ')}`);
  return signed.query;
}

/** Another order of the vector's wallet, signed. */
export function orderedByVector(order: Order): object {
  return signedOrder(order, { wallet, nonce: String(Date.now()) }) ?? {};
}

/** Offers a dataset under the vector's DID, and returns the vector's order of code on it. */
export async function vectorOrder(node: TestNode, rawcode: string): Promise<StartRequest> {
  const made = await node.addDataset({ files: [{ text: '1\n2\n3\n' }], isRawAllowed: true });
  const did = parseDid(VECTOR.documentId);
  if (did === undefined) throw new TypeError('the vector has a DID');
  const file = (suffix: string) => join(node.catalogue.dir, `${suffix}.json`);
  const described = await readFile(file(didSuffix(made.id)), 'utf8');
  await writeFile(file(didSuffix(did)), described.replace(made.id, did));
  const { consumerAddress, nonce, signature } = VECTOR;
  return {
    consumerAddress,
    nonce,
    signature,
    environment: node.environment,
    dataset: { ...assetOrder(made), documentId: did },
    algorithm: { meta: { rawcode, container: NODE_CONTAINER } },
  };
}
