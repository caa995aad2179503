/** What a runner needs to carry out a job, and what a run leaves behind. */
import { Type, type Static } from 'typebox';
import { ContainerSchema, DdoSchema } from './ddo.ts';
import { AddressSchema, EnvironmentIdSchema } from './ids.ts';

export const AssetInputSchema = Type.Object({
  ddo: DdoSchema,
  serviceId: Type.String({ maxLength: 256 }),
  /** Where the description came from: files of the catalogue are for the catalogue's own descriptions. Absent counts as `store`. */
  origin: Type.Optional(Type.Union([Type.Literal('catalogue'), Type.Literal('store')])),
  /** The order of this asset, which another provider that holds its files asks for. */
  transferTxId: Type.Optional(Type.String({ maxLength: 10_000 })),
  /** Parameters of the consumer for this asset's source, encrypted to the node's key: they may hold credentials. */
  sealedUserdata: Type.Optional(Type.String()),
});
export type AssetInput = Static<typeof AssetInputSchema>;

export const AlgorithmSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('published'),
    asset: AssetInputSchema,
    container: ContainerSchema,
    /** Where the data's owners named checksums: the ones that the downloaded files may have, a list for each such dataset. */
    trustedFilesChecksums: Type.Array(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 1_000 }), {
      maxItems: 100,
    }),
  }),
  Type.Object({ kind: Type.Literal('rawcode'), rawcode: Type.String(), container: ContainerSchema }),
  Type.Object({
    kind: Type.Literal('sealed'),
    /** The files of an algorithm given by URL, encrypted to the node's key like an asset's. */
    sealedFiles: Type.String(),
    sealedUserdata: Type.Optional(Type.String()),
    container: ContainerSchema,
  }),
]);
export type Algorithm = Static<typeof AlgorithmSchema>;

/** What a job asks of its environment: no more than that offers to one job, and its share where it asks for nothing. */
export const ResourcesSchema = Type.Object({
  cpus: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 100_000 })),
  /** GB of 10^9 bytes. */
  ramGB: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 })),
  diskGB: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000_000 })),
  gpus: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
  maxDurationS: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
});
export type Resources = Static<typeof ResourcesSchema>;

/** What shall become of the results besides being kept. */
export const OutputSpecSchema = Type.Object({
  /** secp256k1 public key, hex: each result is encrypted to it (ECIES) before it leaves the runner. */
  encryptTo: Type.Optional(Type.String({ pattern: '^(0x)?(0[23][0-9a-fA-F]{64}|04[0-9a-fA-F]{128})$' })),
  /** Where to tell that the job began and ended; encrypted to the node's key, for it may hold credentials. */
  sealedNotifyUrl: Type.Optional(Type.String()),
  /** A digest of that address's host: each host has a place of its own among those that are told. */
  notifyPlace: Type.Optional(Type.String({ maxLength: 64 })),
});
export type OutputSpec = Static<typeof OutputSpecSchema>;

export const JobSpecSchema = Type.Object({
  environment: EnvironmentIdSchema,
  owner: AddressSchema,
  datasets: Type.Array(AssetInputSchema, { minItems: 1, maxItems: 100 }),
  algorithm: AlgorithmSchema,
  algocustomdata: Type.Optional(Type.Unknown()),
  /** Seconds that its orders pay for; the environment's own limit holds where it is shorter. */
  maxDurationS: Type.Optional(Type.Integer({ minimum: 1 })),
  resources: Type.Optional(ResourcesSchema),
  /** Every dataset and the environment allow the algorithm a network. Absent counts as no. */
  networkAccess: Type.Optional(Type.Boolean()),
  output: Type.Optional(OutputSpecSchema),
});
export type JobSpec = Static<typeof JobSpecSchema>;

/** Result kinds as clients know them; `configrationLog` is their spelling. */
export const ResultTypeSchema = Type.Union([
  Type.Literal('output'),
  Type.Literal('algorithmLog'),
  Type.Literal('configrationLog'),
  Type.Literal('publishLog'),
  Type.Literal('filteringLog'),
]);

export const ResultFileSchema = Type.Object({
  filename: Type.String({ maxLength: 10_000 }),
  filesize: Type.Integer({ minimum: 0 }),
  type: ResultTypeSchema,
  index: Type.Integer({ minimum: 0 }),
});
export type ResultFile = Static<typeof ResultFileSchema>;

export const TerminationSchema = Type.Object({
  exitCode: Type.Union([Type.Integer({ minimum: -(2 ** 31), maximum: 2 ** 32 }), Type.Null()]),
  signal: Type.Union([Type.String({ maxLength: 32 }), Type.Null()]),
  OOMKilled: Type.Boolean(),
  /** One plain sentence. */
  reason: Type.String(),
});
export type Termination = Static<typeof TerminationSchema>;
