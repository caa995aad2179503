/** What clients send and get over REST: requests as schemas, answers as types. Source: the wire contract, §1 to §6. */
import { Type, type Static } from 'typebox';
import { ContainerSchema } from './ddo.ts';
import { ResultFileSchema, TerminationSchema, type ResultFile, type Termination } from './job.ts';

const Text = Type.String({ minLength: 1, maxLength: 10_000 });
/** Either letter case; with or without a valid checksum, as clients send both. */
const AnyAddress = Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' });
const Signature = Type.String({ pattern: '^0x[0-9a-fA-F]{130}$' });
/** Up to 78 digits, a fraction allowed. Some clients send a JSON number; the body parser hands on its digits as text. */
const NonceText = Type.String({ pattern: '^[0-9]{1,78}(\\.[0-9]{1,77})?$', maxLength: 79 });
const UserData = Type.Record(Type.String(), Type.Unknown());

const AssetReference = {
  documentId: Text,
  serviceId: Text,
  transferTxId: Text,
  userdata: Type.Optional(UserData),
};

export const AlgorithmMetaSchema = Type.Object({
  rawcode: Type.Optional(Type.String({ minLength: 1 })),
  url: Type.Optional(Text),
  container: Type.Optional(Type.Partial(ContainerSchema)),
});

export const StartRequestSchema = Type.Object({
  signature: Signature,
  consumerAddress: AnyAddress,
  nonce: NonceText,
  /** The page does not call it required: a request without one gets Provider's answer for an environment that does not exist. */
  environment: Type.Optional(Type.String({ maxLength: 64 })),
  dataset: Type.Object(AssetReference),
  algorithm: Type.Object({
    documentId: Type.Optional(Text),
    serviceId: Type.Optional(Text),
    transferTxId: Type.Optional(Text),
    meta: Type.Optional(AlgorithmMetaSchema),
    userdata: Type.Optional(UserData),
    algocustomdata: Type.Optional(Type.Unknown()),
  }),
  additionalDatasets: Type.Optional(Type.Array(Type.Object(AssetReference), { maxItems: 32 })),
});
export type StartRequest = Static<typeof StartRequestSchema>;

export const StatusQuerySchema = Type.Object({
  jobId: Type.Optional(Text),
  documentId: Type.Optional(Text),
  agreementId: Type.Optional(Text),
  consumerAddress: Type.Optional(AnyAddress),
  signature: Type.Optional(Signature),
  nonce: Type.Optional(NonceText),
  dates: Type.Optional(Type.Literal('iso')),
});
export type StatusQuery = Static<typeof StatusQuerySchema>;

export const ResultQuerySchema = Type.Object({
  jobId: Text,
  index: Type.String({ pattern: '^[0-9]{1,9}$' }),
  consumerAddress: AnyAddress,
  nonce: NonceText,
  signature: Signature,
});

export const NonceQuerySchema = Type.Object({ userAddress: AnyAddress });

export const EnvironmentsQuerySchema = Type.Object({
  chainId: Type.Optional(Type.String({ pattern: '^[0-9]{1,20}$' })),
  chainID: Type.Optional(Type.String({ pattern: '^[0-9]{1,20}$' })),
});

/** A point in time: Unix seconds with a millisecond fraction, or ISO 8601 where the caller asked for it. */
const Time = Type.Union([Type.Number(), Type.String()]);

export const StatusObjectSchema = Type.Object({
  owner: Type.String(),
  documentId: Type.String(),
  did: Type.String(),
  jobId: Type.String(),
  agreementId: Type.String(),
  dateCreated: Time,
  dateFinished: Type.Union([Time, Type.Null()]),
  status: Type.Integer(),
  statusText: Type.String(),
  environment: Type.String(),
  algorithmLogUrl: Type.Union([Type.String(), Type.Null()]),
  resultsUrls: Type.Array(Type.String()),
  results: Type.Array(ResultFileSchema),
  resultsDid: Type.String(),
  inputDID: Type.Array(Type.String()),
  algoDID: Type.String(),
  stopreq: Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)]),
  removed: Type.Union([Type.Literal(0), Type.Literal(1)]),
  expireTimestamp: Type.Union([Time, Type.Null()]),
  terminationDetails: Type.Union([TerminationSchema, Type.Null()]),
  queue: Type.Union([Type.Object({ position: Type.Integer(), reason: Type.String() }), Type.Null()]),
});
export type StatusObject = Static<typeof StatusObjectSchema>;

export type { ResultFile, Termination };
