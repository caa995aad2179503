/** What clients send about assets and their files, beside jobs: the rest of Ocean Provider's routes. */
import { Type, type Static } from 'typebox';
import { AnyAddress, NonceText, Signature, Signed, Text, UserData } from './api.ts';
import { AnyDid } from './ids.ts';

/** A service by its asset, or one file as it stands in none yet. */
export const FileInfoRequestSchema = Type.Object({
  did: Type.Optional(AnyDid),
  /** The same. */
  documentId: Type.Optional(AnyDid),
  serviceId: Type.Optional(Text),
  fileIndex: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: 5_000 }), Type.String({ pattern: '^[0-9]{1,4}$' })]),
  ),
  checksum: Type.Optional(
    Type.Union(
      [Type.Boolean(), Type.Integer({ minimum: 0, maximum: 1 }), Type.String({ pattern: '^(true|false|0|1)$' })],
      {
        description: 'Whether to read each file, up to 50 MB, for its SHA-256.',
      },
    ),
  ),
  type: Type.Optional(
    Type.String({
      maxLength: 32,
      description: 'Of a file without an asset: `url`, `ipfs`, `arweave`, `graphql`, `smartcontract`.',
    }),
  ),
  url: Type.Optional(Type.String({ maxLength: 10_000 })),
  method: Type.Optional(Type.String({ maxLength: 16 })),
  headers: Type.Optional(Type.Unknown()),
  hash: Type.Optional(Type.String({ maxLength: 10_000 })),
  transactionId: Type.Optional(Type.String({ maxLength: 128 })),
  query: Type.Optional(Type.String({ maxLength: 100_000 })),
  address: Type.Optional(Type.String({ maxLength: 42 })),
  abi: Type.Optional(Type.Unknown()),
  chainId: Type.Optional(Type.Unknown()),
});
export type FileInfoRequest = Static<typeof FileInfoRequestSchema>;

export const AssetPathSchema = Type.Object({ did: Text });

export const AssetQuerySchema = Type.Object({
  query: Type.Optional(
    Type.Unsafe<Readonly<Record<string, unknown>>>(
      Type.Record(Type.String({ maxLength: 64 }), Type.Unknown(), {
        maxProperties: 1,
        description:
          '`{match: {field: text}}`, `match_phrase`, `{term: {field: value}}` or `{terms: {field: [value]}}`, the field one of id, type, name, author, tags, chainId, nft.owner, nft.state, services.type, services.datatokenAddress, services.compute.publisherTrustedAlgorithms.did; `{ids: {values: [DID]}}`; or some of these as `{bool: {filter: [], must: [], must_not: [], should: []}}`.',
      }),
    ),
  ),
  size: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 10_000, description: 'At most 1,000 come, and fewer where they are long.' }),
  ),
  from: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
});
export type AssetQuery = Static<typeof AssetQuerySchema>;

const Hex = Type.String({ pattern: '^0x([0-9a-fA-F]{2})*$', maxLength: 1_000_000 });

/** A recorded description, by the transaction that recorded it, or as it is recorded. */
export const DecryptRequestSchema = Type.Object({
  decrypterAddress: AnyAddress,
  chainId: Type.Union([Type.Integer({ minimum: 1 }), Type.String({ pattern: '^[0-9]{1,15}$' })]),
  nonce: NonceText,
  signature: Signature,
  transactionId: Type.Optional(Type.String({ pattern: '^0x[0-9a-fA-F]{64}$' })),
  dataNftAddress: Type.Optional(AnyAddress),
  encryptedDocument: Type.Optional(Hex),
  flags: Type.Optional(
    Type.Union([
      Type.Integer({ minimum: 0, maximum: 255 }),
      Type.String({ pattern: '^(0x[0-9a-fA-F]{1,2}|[0-9]{1,3})$' }),
    ]),
  ),
  documentHash: Type.Optional(Type.String({ pattern: '^(0x)?[0-9a-fA-F]{64}$' })),
});
export type DecryptRequest = Static<typeof DecryptRequestSchema>;

export const DownloadQuerySchema = Type.Object({
  ...Signed,
  documentId: AnyDid,
  /** May be absent where the asset has one access service. */
  serviceId: Type.Optional(Text),
  /** 0 if absent. */
  fileIndex: Type.Optional(Type.String({ pattern: '^[0-9]{1,4}$' })),
  /** The order; not needed where this node asks no chain. */
  transferTxId: Type.Optional(Text),
  userdata: Type.Optional(UserData),
});
export type DownloadQuery = Static<typeof DownloadQuerySchema>;
