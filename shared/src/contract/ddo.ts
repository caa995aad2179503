/** The parts of an asset description (DDO 4.x) that the node reads; whatever else it holds travels along untouched. */
import { Type, type Static } from 'typebox';
import { DidSchema, JobIdSchema } from './ids.ts';

const ChecksummedAlgorithm = Type.Object({
  did: Type.String(),
  filesChecksum: Type.Optional(Type.String()),
  containerSectionChecksum: Type.Optional(Type.String()),
});

export const ContainerSchema = Type.Object({
  image: Type.String({ minLength: 1 }),
  tag: Type.Optional(Type.String()),
  /** The image's digest, `sha256:…`. */
  checksum: Type.Optional(Type.String()),
  /** A command line in which `$ALGO` stands for the algorithm's path. */
  entrypoint: Type.String({ minLength: 1 }),
});
export type Container = Static<typeof ContainerSchema>;

export const ServiceSchema = Type.Object({
  id: Type.String({ minLength: 1 }),
  /** `access` or `compute`; other kinds are known to others, and refused where one is asked for. */
  type: Type.String({ minLength: 1 }),
  /** `0x…`: the files, encrypted to the node's key. */
  files: Type.String({ pattern: '^0x[0-9a-fA-F]+$' }),
  datatokenAddress: Type.String(),
  /** The provider that holds the files; another one than this node if it names another origin. */
  serviceEndpoint: Type.Optional(Type.String()),
  timeout: Type.Optional(Type.Number({ minimum: 0 })),
  compute: Type.Optional(
    Type.Object({
      allowRawAlgorithm: Type.Optional(Type.Boolean()),
      allowNetworkAccess: Type.Optional(Type.Boolean()),
      publisherTrustedAlgorithms: Type.Optional(Type.Union([Type.Array(ChecksummedAlgorithm), Type.Null()])),
      publisherTrustedAlgorithmPublishers: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
    }),
  ),
});
export type Service = Static<typeof ServiceSchema>;

/** A list of who may, or may not. Of the kinds there are, this node can check addresses. */
const CredentialsSchema = Type.Array(
  Type.Object({ type: Type.String(), values: Type.Optional(Type.Union([Type.Array(Type.Unknown()), Type.Null()])) }),
);

export const DdoSchema = Type.Object({
  id: DidSchema,
  nftAddress: Type.String(),
  chainId: Type.Number(),
  version: Type.String(),
  metadata: Type.Object({
    type: Type.Union([Type.Literal('dataset'), Type.Literal('algorithm')]),
    name: Type.Optional(Type.String()),
    algorithm: Type.Optional(Type.Object({ container: Type.Optional(Type.Partial(ContainerSchema)) })),
  }),
  services: Type.Array(ServiceSchema),
  credentials: Type.Optional(
    Type.Union([
      Type.Object({
        allow: Type.Optional(Type.Union([CredentialsSchema, Type.Null()])),
        deny: Type.Optional(Type.Union([CredentialsSchema, Type.Null()])),
      }),
      Type.Null(),
    ]),
  ),
  nft: Type.Optional(Type.Object({ owner: Type.Optional(Type.String()), state: Type.Optional(Type.Number()) })),
});
export type Ddo = Static<typeof DdoSchema>;

const HeadersSchema = Type.Record(Type.String(), Type.String());

/** A contract's function in the JSON of Solidity's compiler; what the node doesn't read travels along. */
export const AbiFunctionSchema = Type.Object({
  name: Type.String({ minLength: 1 }),
  type: Type.Optional(Type.Literal('function')),
  stateMutability: Type.Optional(Type.String()),
  inputs: Type.Optional(Type.Array(Type.Object({ name: Type.Optional(Type.String()), type: Type.String() }))),
  outputs: Type.Optional(Type.Array(Type.Object({ name: Type.Optional(Type.String()), type: Type.String() }))),
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
    url: Type.String({ minLength: 1 }),
    method: Type.Optional(Type.String()),
    headers: Type.Optional(HeadersSchema),
  }),
  /** Through the node's IPFS gateway: a CID, perhaps with a path below it. */
  Type.Object({
    ...checksum,
    type: Type.Literal('ipfs'),
    hash: Type.String({ pattern: '^[A-Za-z0-9]{1,128}(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$' }),
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
    url: Type.String({ minLength: 1 }),
    query: Type.String({ minLength: 1 }),
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
  Type.Object({ ...checksum, type: Type.Literal('catalogue'), path: Type.String({ minLength: 1 }) }),
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

/** What a service's `files` decrypts to: a bare list in DDO 4.0.0, bound to its token later. */
export const SealedFilesSchema = Type.Union([
  Type.Array(AssetFileSchema),
  Type.Object({
    datatokenAddress: Type.String(),
    nftAddress: Type.String(),
    files: Type.Array(AssetFileSchema),
  }),
]);
export type SealedFiles = Static<typeof SealedFilesSchema>;
