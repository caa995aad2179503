/** Signed orders in bulk, each of a wallet of its own, so that they may arrive in any order. */
import { randomBytes } from 'node:crypto';
import { getBytes, hashMessage, hexlify, keccak256, toUtf8Bytes } from 'ethers';
import secp256k1 from 'secp256k1';
import type { Order } from '../../../scripts/parts/consumer.ts';

/** The body of a start request, JSON text. */
export function signedOrder(order: Order): string {
  const key = randomBytes(32);
  const publicKey = secp256k1.publicKeyCreate(key, false);
  const consumerAddress = `0x${keccak256(publicKey.subarray(1)).slice(-40)}`;
  const nonce = String(Date.now());
  const message = keccak256(toUtf8Bytes(consumerAddress + order.dataset.documentId + nonce));
  const { signature, recid } = secp256k1.ecdsaSign(getBytes(hashMessage(getBytes(message))), key);
  return JSON.stringify({
    ...order,
    consumerAddress,
    nonce,
    signature: hexlify(Buffer.from([...signature, 27 + recid])),
  });
}
