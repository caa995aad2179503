/** The parts of an asset description (DDO 4.x) that the node reads; whatever else it holds travels along untouched. */
import { Type, type Static } from 'typebox';
import { DidSchema } from './ids.ts';

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
  type: Type.Union([Type.Literal('access'), Type.Literal('compute')]),
  /** `0x…`: the files, encrypted to the node's key. */
  files: Type.String({ pattern: '^0x[0-9a-fA-F]+$' }),
  datatokenAddress: Type.String(),
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
  nft: Type.Optional(Type.Object({ owner: Type.Optional(Type.String()), state: Type.Optional(Type.Number()) })),
});
export type Ddo = Static<typeof DdoSchema>;

/** Where one file of an asset is. Never leaves the runner in the clear. */
export const AssetFileSchema = Type.Union([
  Type.Object({
    type: Type.Literal('url'),
    url: Type.String({ minLength: 1 }),
    method: Type.Optional(Type.String()),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
  }),
  /** A file in the `files` folder of the node's own catalogue. */
  Type.Object({ type: Type.Literal('catalogue'), path: Type.String({ minLength: 1 }) }),
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
