/** What clients send and get over REST: requests as schemas, answers as types. Source: the wire contract, §1 to §6. */
import { Type, type Static } from 'typebox';
import { ContainerSchema } from './ddo.ts';
import { ResourcesSchema, ResultFileSchema, TerminationSchema, type ResultFile, type Termination } from './job.ts';

export const Text = Type.String({ minLength: 1, maxLength: 10_000 });
/** Either letter case; with or without a valid checksum, as clients send both. */
const AnyAddress = Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' });
export const Signature = Type.String({
  pattern: '^0x[0-9a-fA-F]{130}$',
  description: 'Required unless an AuthToken header stands in for it.',
});
/** Up to 78 digits, a fraction allowed. Some clients send a JSON number; the body parser hands on its digits as text. */
export const NonceText = Type.String({ pattern: '^[0-9]{1,78}(\\.[0-9]{1,77})?$', maxLength: 79 });
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

/** What every signed request brings. */
export const Signed = {
  consumerAddress: AnyAddress,
  nonce: NonceText,
  signature: Type.Optional(Signature),
};

export const StartRequestSchema = Type.Object({
  ...Signed,
  /** To start the next run of a job of one's own that has ended. */
  jobId: Type.Optional(Text),
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
  /** What the job needs of its environment; its share where absent. */
  resources: Type.Optional(ResourcesSchema),
  output: Type.Optional(
    Type.Object({
      /** secp256k1 public key, hex, that each result is encrypted to. */
      encryptTo: Type.Optional(Type.String({ pattern: '^(0x)?(0[23][0-9a-fA-F]{64}|04[0-9a-fA-F]{128})$' })),
      /** Told by POST, signed by the node, when the job begins and when it has ended. */
      notifyUrl: Type.Optional(Type.String({ pattern: '^https?://', maxLength: 2_000 })),
    }),
  ),
});
export type StartRequest = Static<typeof StartRequestSchema>;

/** Which jobs a request is about. */
const Which = {
  jobId: Type.Optional(Text),
  documentId: Type.Optional(Text),
  agreementId: Type.Optional(Text),
};

export const StatusQuerySchema = Type.Object({
  ...Which,
  consumerAddress: Type.Optional(AnyAddress),
  signature: Type.Optional(Signature),
  nonce: Type.Optional(NonceText),
  dates: Type.Optional(Type.Literal('iso')),
  since: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,16}$',
      description: 'A cursor, from the Capstan-Cursor header of an answer: wait only if nothing has happened after it.',
    }),
  ),
  waitFor: Type.Optional(
    Type.String({
      pattern: '^([0-5]?[0-9](\\.[0-9]{1,3})?|60)$',
      description: 'Long poll: wait so many seconds, 60 at most, for the next event of these jobs.',
    }),
  ),
});
export type StatusQuery = Static<typeof StatusQuerySchema>;

/** Which jobs to follow as a stream of events, from where on, and who asks. */
export const EventsQuerySchema = Type.Object({
  jobId: Which.jobId,
  jobs: Type.Optional(
    Type.String({ pattern: '^[^,]{1,64}(,[^,]{1,64}){0,99}$', description: 'Several ids, with commas between them.' }),
  ),
  documentId: Which.documentId,
  environment: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  all: Type.Optional(
    Type.Literal('true', { description: 'The jobs of everybody. For operators, as an environment alone is.' }),
  ),
  consumerAddress: Type.Optional(AnyAddress),
  /** The same as consumerAddress. */
  owner: Type.Optional(AnyAddress),
  from: Type.Optional(
    Type.String({
      pattern: '^([0-9]{1,16}|now|start)$',
      description: 'A cursor, `now`, or `start`; Last-Event-ID goes before it.',
    }),
  ),
  follow: Type.Optional(
    Type.Unsafe<'true' | 'false'>(
      Type.Union([Type.Literal('true'), Type.Literal('false')], {
        description: '`false`: the stream ends when all there was is told.',
      }),
    ),
  ),
  signature: Type.Optional(Signature),
  nonce: Type.Optional(NonceText),
  ticket: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'From createTicket, in place of a header.' }),
  ),
});
export type EventsQuery = Static<typeof EventsQuerySchema>;

/** Signs consumerAddress + nonce, unless an AuthToken header stands in. */
export const TicketRequestSchema = Type.Object({
  consumerAddress: Type.Optional(AnyAddress),
  nonce: Type.Optional(NonceText),
  signature: Type.Optional(Signature),
});

/** Without a jobId: all of the caller's jobs, or those on a dataset. */
export const StopRequestSchema = Type.Object({
  ...Signed,
  ...Which,
});
export type StopRequest = Static<typeof StopRequestSchema>;

export const DeleteRequestSchema = Type.Object({
  ...Signed,
  /** ocean.js signs with one that it does not send: the last one plus 1. */
  nonce: Type.Optional(NonceText),
  ...Which,
});
export type DeleteRequest = Static<typeof DeleteRequestSchema>;

export const ResultQuerySchema = Type.Object({
  ...Signed,
  jobId: Text,
  index: Type.String({ pattern: '^[0-9]{1,9}$' }),
  /** An earlier run of a job that was restarted; the last one if absent. */
  run: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,8}$' })),
});
export type ResultQuery = Static<typeof ResultQuerySchema>;

/** Unix seconds, as text or as a number. */
const Expiration = Type.String({ pattern: '^[0-9]{1,12}$' });

export const CreateTokenQuerySchema = Type.Object({
  address: AnyAddress,
  nonce: NonceText,
  expiration: Expiration,
  signature: Signature,
});
export type CreateTokenQuery = Static<typeof CreateTokenQuerySchema>;

export const DeleteTokenRequestSchema = Type.Object({
  address: AnyAddress,
  nonce: NonceText,
  token: Text,
  signature: Signature,
});
export type DeleteTokenRequest = Static<typeof DeleteTokenRequestSchema>;

export const EncryptQuerySchema = Type.Object({ chainId: Type.Optional(Type.String({ pattern: '^[0-9]{1,20}$' })) });

export const NonceQuerySchema = Type.Object({ userAddress: AnyAddress });

export const EnvironmentsQuerySchema = Type.Object({
  chainId: Type.Optional(Type.String({ pattern: '^[0-9]{1,20}$' })),
  chainID: Type.Optional(Type.String({ pattern: '^[0-9]{1,20}$' })),
});

/** Unix seconds, as a number or as text. */
const UnixTime = Type.Union([
  Type.Integer({ minimum: 0, maximum: 99_999_999_999 }),
  Type.String({ pattern: '^[0-9]{1,11}$' }),
]);

/** To ask what an order of one service costs, and whether one that is there will do. */
export const InitializeQuerySchema = Type.Object({
  documentId: Text,
  serviceId: Text,
  consumerAddress: AnyAddress,
  /** A compute service is ordered for an environment, up to a time. */
  environment: Type.Optional(Type.String({ maxLength: 64 })),
  validUntil: Type.Optional(UnixTime),
  transferTxId: Type.Optional(Text),
});
export type InitializeQuery = Static<typeof InitializeQuerySchema>;

const AssetToOrder = Type.Object({
  documentId: Text,
  serviceId: Text,
  /** An order that is there already. */
  transferTxId: Type.Optional(Text),
  userdata: Type.Optional(UserData),
});

export const InitializeComputeRequestSchema = Type.Object({
  datasets: Type.Array(AssetToOrder, { minItems: 1, maxItems: 33 }),
  algorithm: Type.Object({
    documentId: Type.Optional(Text),
    serviceId: Type.Optional(Text),
    transferTxId: Type.Optional(Text),
    meta: Type.Optional(AlgorithmMetaSchema),
    userdata: Type.Optional(UserData),
  }),
  compute: Type.Object({ env: Type.String({ maxLength: 64 }), validUntil: UnixTime }),
  consumerAddress: AnyAddress,
});
export type InitializeComputeRequest = Static<typeof InitializeComputeRequestSchema>;

/** As `startOrder` and `reuseOrder` of a datatoken take it. */
export const ProviderFeeSchema = Type.Object({
  providerFeeAddress: Type.String(),
  providerFeeToken: Type.String(),
  /** In the smallest unit of the token. */
  providerFeeAmount: Type.String(),
  /** Hex of JSON. */
  providerData: Type.String(),
  v: Type.Integer(),
  r: Type.String(),
  s: Type.String(),
  validUntil: Type.Integer(),
});
export type ProviderFee = Static<typeof ProviderFeeSchema>;

/** What to do about one asset: nothing (`validOrder` alone), reuse an order (both), or order (a fee alone). */
export const OrderQuoteSchema = Type.Object({
  datatoken: Type.Optional(Type.String()),
  providerFee: Type.Optional(ProviderFeeSchema),
  validOrder: Type.Optional(Type.String()),
});
export type OrderQuote = Static<typeof OrderQuoteSchema>;

export const InitializeComputeAnswerSchema = Type.Object({
  datasets: Type.Array(OrderQuoteSchema),
  algorithm: Type.Optional(OrderQuoteSchema),
});
export type InitializeComputeAnswer = Static<typeof InitializeComputeAnswerSchema>;

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
