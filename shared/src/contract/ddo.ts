/**
 * The parts of an asset description (DDO 4.x) that the node reads; whatever else it holds travels along untouched. Anybody publishes
 * what he likes: each list and each text has a length, far beyond what honest descriptions hold.
 */
import { Type, type Static } from 'typebox';
import { DidSchema, JobIdSchema } from './ids.ts';

/** An address, a hash, an identifier. */
const Short = Type.String({ maxLength: 256 });
const Url = Type.String({ minLength: 1, maxLength: 10_000 });
const MOST_LISTED = 1_000;
export const MOST_SERVICES = 100;

const ChecksummedAlgorithm = Type.Object({
  did: Short,
  filesChecksum: Type.Optional(Short),
  containerSectionChecksum: Type.Optional(Short),
});

export const ContainerSchema = Type.Object({
  image: Type.String({ minLength: 1, maxLength: 512 }),
  tag: Type.Optional(Short),
  /** The image's digest, `sha256:…`. */
  checksum: Type.Optional(Short),
  /** A command line in which `$ALGO` stands for the algorithm's path, or a list of words as JSON. Empty: the image's own, of a published algorithm. */
  entrypoint: Type.String({ maxLength: 10_000 }),
});
export type Container = Static<typeof ContainerSchema>;

/** A list of who may, or may not. Of the kinds there are, this node can check addresses. */
const CredentialListSchema = Type.Array(
  Type.Object({
    type: Short,
    /** A contract that keeps the list. */
    accessList: Type.Optional(Type.Unknown()),
    values: Type.Optional(Type.Union([Type.Array(Type.Unknown(), { maxItems: 10_000 }), Type.Null()])),
  }),
  { maxItems: 100 },
);

const CredentialsSchema = Type.Union([
  Type.Object({
    allow: Type.Optional(Type.Union([CredentialListSchema, Type.Null()])),
    deny: Type.Optional(Type.Union([CredentialListSchema, Type.Null()])),
    /** Whether whoever passes must be on every list that allows; on one if absent. */
    match_allow: Type.Optional(Type.Unknown()),
  }),
  Type.Null(),
]);

export const ServiceSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 256 }),
  /** `access` or `compute`; other kinds are known to others, and refused where one is asked for. */
  type: Type.String({ minLength: 1, maxLength: 256 }),
  /** `0x…`: the files, encrypted to the node's key. */
  files: Type.String({ maxLength: 1_000_000, pattern: '^0x[0-9a-fA-F]+$' }),
  datatokenAddress: Short,
  /** The provider that holds the files; another one than this node if it names another origin. */
  serviceEndpoint: Type.Optional(Type.String({ maxLength: 10_000 })),
  timeout: Type.Optional(Type.Number({ minimum: 0 })),
  /** Of this service, beside those of the asset. */
  credentials: Type.Optional(CredentialsSchema),
  /** Why this service can not be used; only its id and type are its own then. */
  problems: Type.Optional(Type.Array(Type.String(), { maxItems: 100 })),
  compute: Type.Optional(
    Type.Object({
      allowRawAlgorithm: Type.Optional(Type.Boolean()),
      allowNetworkAccess: Type.Optional(Type.Boolean()),
      publisherTrustedAlgorithms: Type.Optional(
        Type.Union([Type.Array(ChecksummedAlgorithm, { maxItems: MOST_LISTED }), Type.Null()]),
      ),
      publisherTrustedAlgorithmPublishers: Type.Optional(
        Type.Union([Type.Array(Short, { maxItems: MOST_LISTED }), Type.Null()]),
      ),
    }),
  ),
});
export type Service = Static<typeof ServiceSchema>;

/** As it is written in descriptions: the entrypoint perhaps as a list of words. */
const PublishedContainerSchema = Type.Object({
  ...Type.Partial(Type.Omit(ContainerSchema, ['entrypoint'])).properties,
  entrypoint: Type.Optional(
    Type.Union([Type.String({ maxLength: 10_000 }), Type.Array(Type.String({ maxLength: 10_000 }), { maxItems: 100 })]),
  ),
});

/** A list of words travels as the text that it is in JSON: the runner reads it so. */
export function plainContainer({
  entrypoint,
  ...rest
}: Static<typeof PublishedContainerSchema> = {}): Partial<Container> {
  if (entrypoint === undefined) return rest;
  if (typeof entrypoint === 'string') return { ...rest, entrypoint };
  return { ...rest, entrypoint: entrypoint.length === 0 ? '' : JSON.stringify(entrypoint) };
}

const NftSchema = Type.Object({ owner: Type.Optional(Short), state: Type.Optional(Type.Number()) });

export const DdoSchema = Type.Object({
  id: DidSchema,
  nftAddress: Short,
  chainId: Type.Number(),
  version: Short,
  metadata: Type.Object({
    type: Type.Union([Type.Literal('dataset'), Type.Literal('algorithm')]),
    name: Type.Optional(Type.String({ maxLength: 10_000 })),
    algorithm: Type.Optional(Type.Object({ container: Type.Optional(PublishedContainerSchema) })),
  }),
  services: Type.Array(ServiceSchema, { maxItems: MOST_SERVICES }),
  credentials: Type.Optional(CredentialsSchema),
  nft: Type.Optional(NftSchema),
  /** The same, where later indexers write it. */
  indexedMetadata: Type.Optional(Type.Object({ nft: Type.Optional(NftSchema) })),
});
export type Ddo = Static<typeof DdoSchema>;

const HeadersSchema = Type.Record(Type.String(), Type.String({ maxLength: 10_000 }), { maxProperties: 100 });

const AbiParameters = Type.Array(Type.Object({ name: Type.Optional(Short), type: Short }), { maxItems: 100 });

/** A contract's function in the JSON of Solidity's compiler; what the node doesn't read travels along. */
export const AbiFunctionSchema = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 256 }),
  type: Type.Optional(Type.Literal('function')),
  stateMutability: Type.Optional(Short),
  inputs: Type.Optional(AbiParameters),
  outputs: Type.Optional(AbiParameters),
});

const checksum = {
  /** Of the file as it shall be, hex: what comes and is another one is refused. */
  sha256: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F]{64}$' })),
};

/** Where one file of an asset is. Never leaves the runner in the clear. */
export const AssetFileSchema = Type.Union([
  Type.Object({
    ...checksum,
    type: Type.Literal('url'),
    url: Url,
    method: Type.Optional(Short),
    headers: Type.Optional(HeadersSchema),
  }),
  /** Through the node's IPFS gateway: a CID, perhaps with a path below it. */
  Type.Object({
    ...checksum,
    type: Type.Literal('ipfs'),
    hash: Type.String({
      maxLength: 10_000,
      pattern: '^[A-Za-z0-9]{1,128}(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$',
    }),
  }),
  /** Through the node's Arweave gateway. */
  Type.Object({
    ...checksum,
    type: Type.Literal('arweave'),
    transactionId: Type.String({ pattern: '^[A-Za-z0-9_-]{1,128}$' }),
  }),
  Type.Object({
    ...checksum,
    type: Type.Literal('graphql'),
    url: Url,
    query: Type.String({ minLength: 1, maxLength: 100_000 }),
    headers: Type.Optional(HeadersSchema),
  }),
  /** What a contract's view function returns, asked of the node's own RPC endpoints of that chain. */
  Type.Object({
    ...checksum,
    type: Type.Literal('smartcontract'),
    address: Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' }),
    abi: AbiFunctionSchema,
    chainId: Type.Integer({ minimum: 1 }),
  }),
  /** A file in the `files` folder of the node's own catalogue; only in descriptions that the catalogue itself holds. */
  Type.Object({ ...checksum, type: Type.Literal('catalogue'), path: Type.String({ minLength: 1, maxLength: 4_096 }) }),
  /** A result of a job of this node; only in descriptions that the catalogue itself holds. */
  Type.Object({
    ...checksum,
    type: Type.Literal('result'),
    jobId: JobIdSchema,
    run: Type.Integer({ minimum: 1 }),
    index: Type.Integer({ minimum: 0 }),
  }),
]);
export type AssetFile = Static<typeof AssetFileSchema>;

const AssetFilesSchema = Type.Array(AssetFileSchema, { maxItems: 5_000 });

/** What a service's `files` decrypts to: a bare list in DDO 4.0.0, bound to its token later. */
export const SealedFilesSchema = Type.Union([
  AssetFilesSchema,
  Type.Object({
    datatokenAddress: Short,
    nftAddress: Short,
    files: AssetFilesSchema,
  }),
]);
export type SealedFiles = Static<typeof SealedFilesSchema>;
