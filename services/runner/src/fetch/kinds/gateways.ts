/** Files that are named by their content or their transaction, from a gateway that the operator chose. */
import { below, failed, withQuery, type FileOf, type SourceRequest, type UserData } from '../source.ts';

export function ipfsRequest({ hash }: FileOf<'ipfs'>, userdata: UserData, gateway: string | undefined): SourceRequest {
  if (gateway === undefined) throw failed('this node has no IPFS gateway');
  return { url: withQuery(below(gateway, `ipfs/${hash}`), userdata), method: 'GET', headers: {} };
}

export function arweaveRequest(
  { transactionId }: FileOf<'arweave'>,
  userdata: UserData,
  gateway: string | undefined,
): SourceRequest {
  if (gateway === undefined) throw failed('this node has no Arweave gateway');
  return { url: withQuery(below(gateway, transactionId), userdata), method: 'GET', headers: {} };
}
