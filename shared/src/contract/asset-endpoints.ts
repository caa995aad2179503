/** The rows of the table of routes that are about assets and their files. */
import { Type } from 'typebox';
import { ContainerRequestSchema } from './answers.ts';
import { EncryptQuerySchema } from './api.ts';
import { DescriptionSchema, FoundAssetsSchema, ValidationProofSchema } from './asset-answers.ts';
import {
  AssetPathSchema,
  AssetQuerySchema,
  DecryptRequestSchema,
  DownloadQuerySchema,
  FileInfoRequestSchema,
} from './asset-requests.ts';
import { json, type Endpoint } from './endpoint.ts';
import { FileInfoSchema } from './file-info.ts';

const SIGNS_DOWNLOAD = 'documentId + nonce';

export const ASSET_ENDPOINTS = {
  encrypt: {
    method: 'POST',
    path: '/api/services/encrypt',
    summary: "Encrypt bytes to this node's key",
    about: "For the `files` of a service: only this node can read where an asset's files are.",
    parameters: EncryptQuerySchema,
    from: 'query',
    takesBytes: true,
    success: { status: 201, about: 'ECIES, `0x…`', type: 'text/plain' },
    errors: [400, 413],
  },
  fileinfo: {
    method: 'POST',
    path: '/api/services/fileinfo',
    summary: 'Whether files are there, their sizes, types and names',
    about:
      'Of a service (did, serviceId), or of one file that belongs to no asset yet (type and what goes with it). Says nothing of where they are. An asset that is for listed consumers only is found by those, with a typed signature or a token.',
    parameters: FileInfoRequestSchema,
    from: 'body',
    readsQuery: true,
    caller: { kind: 'known' },
    success: json('The files, in their order', Type.Array(FileInfoSchema)),
    errors: [400, 401, 413, 415, 503],
  },
  validateContainer: {
    method: 'POST',
    path: '/api/services/validateContainer',
    summary: 'Whether a container can be used for an algorithm',
    parameters: ContainerRequestSchema,
    from: 'body',
    success: json('The container', ContainerRequestSchema),
    errors: [400, 413, 415],
  },
  decrypt: {
    method: 'POST',
    path: '/api/services/decrypt',
    summary: 'A recorded description, opened for an indexer',
    about:
      'For the addresses in gateway.decrypters. Signs transactionId (else dataNftAddress) + decrypterAddress + chainId + nonce, or decrypterAddress + nonce + `decryptDDO`. Opens descriptions only, of this very NFT, that are sealed to this node.',
    parameters: DecryptRequestSchema,
    from: 'body',
    readsQuery: true,
    caller: { kind: 'listed', signs: 'transactionId (or dataNftAddress) + decrypterAddress + chainId + nonce' },
    success: { status: 201, about: 'The text whose SHA-256 is recorded', type: 'text/plain' },
    errors: [400, 401, 403, 413, 415, 503],
  },
  download: {
    method: 'GET',
    path: '/api/services/download',
    summary: 'A file of an access service',
    about: `Signs ${SIGNS_DOWNLOAD}, and names the order. Takes Range and If-Range. The same signed request may come again for an hour, for the same file, to go on where it broke off.`,
    parameters: DownloadQuerySchema,
    from: 'query',
    caller: { kind: 'signed', signs: SIGNS_DOWNLOAD, ticket: true },
    success: { status: 200, about: 'The whole file', type: 'application/octet-stream' },
    otherwise: { 206: { about: 'The part that was asked for', content: { type: 'application/octet-stream' } } },
    errors: [400, 401, 404, 416, 503],
  },
  assetDescription: {
    method: 'GET',
    path: '/api/aquarius/assets/ddo/{did}',
    summary: "A description of the node's own catalogue",
    about:
      'What is for listed consumers only is shown to those, with a typed signature or a token. Results of jobs are not shown. With what a metadata store adds: `nft` (owner and state as its chain says, where the node can ask it), `datatokens`, `stats`, `purgatory`; and this node as `serviceEndpoint` of services that name none.',
    parameters: AssetPathSchema,
    from: 'path',
    caller: { kind: 'known' },
    success: json('The description', DescriptionSchema),
    errors: [401, 404],
  },
  validateAsset: {
    method: 'POST',
    path: '/api/aquarius/assets/ddo/validate',
    summary: 'Whether a description is one',
    about: 'By the public schema of DDO 4.x, and by what this node reads. The proof is over the bytes as they came.',
    takesBytes: true,
    success: json('It is; and a proof that this node found so', ValidationProofSchema),
    errors: [400, 413],
  },
  queryAssets: {
    method: 'POST',
    path: '/api/aquarius/assets/query',
    summary: "What the node's own catalogue offers",
    about:
      'With match, match_phrase, term or terms on id, type, name, author and others, with ids, or some of these in bool, as portals ask metadata stores; size and from. Shows what assetDescription shows, but for what is unlisted.',
    parameters: AssetQuerySchema,
    from: 'body',
    caller: { kind: 'known', first: true },
    success: json('What was found', FoundAssetsSchema),
    errors: [400, 401, 413, 415],
  },
} as const satisfies Record<string, Endpoint>;
