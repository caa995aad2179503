/** Files that are named by their content or their transaction, from a gateway that the operator chose. */
import { failed, requestBelow, withQuery, type FileOf, type SourceRequest, type UserData } from '../source.ts';

export function ipfsRequest({ hash }: FileOf<'ipfs'>, userdata: UserData, gateway: string | undefined): SourceRequest {
  if (gateway === undefined) throw failed('this node has no IPFS gateway');
  return withUserdata(requestBelow(gateway, `ipfs/${hash}`), userdata);
}

export function arweaveRequest(
  { transactionId }: FileOf<'arweave'>,
  userdata: UserData,
  gateway: string | undefined,
): SourceRequest {
  if (gateway === undefined) throw failed('this node has no Arweave gateway');
  return withUserdata(requestBelow(gateway, transactionId), userdata);
}

const withUserdata = (request: SourceRequest, userdata: UserData): SourceRequest => ({
  ...request,
  url: withQuery(request.url, userdata),
});
