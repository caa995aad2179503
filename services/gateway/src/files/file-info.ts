/** What everybody may know of the files of a service, or of a file that somebody is about to publish. */
import type { FileInfoRequest } from '@capstan/shared/contract/asset-requests';
import { AssetFileSchema, type AssetFile } from '@capstan/shared/contract/ddo';
import type { FileInfo } from '@capstan/shared/contract/file-info';
import { fullDid } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import { compile } from '@capstan/shared/schema/validate';
import { onlyService } from './file-checks.ts';
import type { FileInfos } from './file-infos.ts';
import type { Assets } from '../assets/assets.ts';
import { requireKnownService } from '../assets/access.ts';
import { codedRefusal } from '../assets/refusal-codes.ts';
import { findService } from '../assets/find.ts';
import { isOfResults, isShown } from '../assets/shown.ts';

interface FileInfoOptions {
  readonly assets: Assets;
  readonly fileInfos: FileInfos;
}

interface Asker {
  /** Who has proven to be there, if anybody. */
  readonly caller: string | undefined;
  readonly network: string;
}

export type AskFileInfo = (request: FileInfoRequest, asker: Asker) => Promise<readonly FileInfo[]>;

export function createFileInfo({ assets, fileInfos }: FileInfoOptions): AskFileInfo {
  const ofService = async (did: string, request: FileInfoRequest, { caller, network }: Asker) => {
    const { serviceId, fileIndex } = request;
    const asset = await assets.find(fullDid(did));
    if (!asset || isOfResults(asset.ddo) || !isShown(asset, caller)) {
      throw codedRefusal('did', 'did_not_found', `This node knows no asset ${did}. Check the DID.`);
    }
    const service = findService(asset.ddo, { serviceId, resource: '' });
    requireKnownService({ ...service, credentials: null }, { did: asset.ddo.id, consumer: caller ?? '', resource: '' });
    const { ddo, origin } = asset;
    const wanted = { asset: onlyService({ ddo, serviceId: service.id, origin }), checksum: isOn(request.checksum) };
    return fileInfos.of(fileIndex === undefined ? wanted : { ...wanted, fileIndex: Number(fileIndex) }, network);
  };

  return async (request, asker) => {
    const did = request.did ?? request.documentId;
    if (did !== undefined) return ofService(did, request, asker);
    return fileInfos.ofFile(fileIn(request), isOn(request.checksum), asker.network);
  };
}

const isOn = (flag: FileInfoRequest['checksum']) => flag === true || flag === 1 || flag === '1' || flag === 'true';

const validate = new Map(
  AssetFileSchema.anyOf.map((schema) => [schema.properties.type.const as string, compile(schema)] as const),
);
/** What belongs to this node is in its own catalogue alone. */
const OF_STRANGERS: readonly string[] = ['url', 'ipfs', 'arweave', 'graphql', 'smartcontract'];

/** Throws VALIDATION. */
function fileIn(request: FileInfoRequest): AssetFile {
  const { url, method, headers, hash, transactionId, query, address, abi, chainId } = request;
  const type = request.type ?? (url === undefined ? undefined : 'url');
  const check = type !== undefined && OF_STRANGERS.includes(type) ? validate.get(type) : undefined;
  if (!check) {
    const text = `The type field must be one of ${OF_STRANGERS.join(', ')}; or name an asset by did and serviceId.`;
    throw new CapstanError('VALIDATION', 'Validation error', { fields: { type: [text] } });
  }
  const given = { type, url, method, headers: isEmpty(headers) ? undefined : headers, hash, transactionId, query };
  const called = { address, abi, chainId: typeof chainId === 'string' ? Number(chainId) : chainId };
  const file = Object.fromEntries(Object.entries({ ...given, ...called }).filter(([, value]) => value !== undefined));
  const checked = check(file);
  if (checked.ok) return checked.value;
  throw new CapstanError('VALIDATION', 'Validation error', { fields: checked.errors });
}

const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;
