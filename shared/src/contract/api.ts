/** What clients send and get over REST: requests as schemas, answers as types. Source: the wire contract, §1 to §6. */
import { Type, type Static } from 'typebox';
import { ContainerSchema } from './ddo.ts';
import { AnyDid } from './ids.ts';
import { Paging, StreamParts } from './paging.ts';
import { STATUS_ROWS } from './status.ts';
import { ResourcesSchema, ResultFileSchema, TerminationSchema, type ResultFile, type Termination } from './job.ts';

/** A DID, an id, a transaction. They are kept with a job, and come back with each of its statuses. */
export const Text = Type.String({ minLength: 1, maxLength: 256 });
/** Either letter case; with or without a valid checksum, as clients send both. */
export const AnyAddress = Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' });
export const Signature = Type.String({
  pattern: '^(0x)?[0-9a-fA-F]{130}$',
  description: 'Required unless a Capstan-Signature or an AuthToken header stands in for it.',
});
/** Up to 78 digits, a fraction allowed. Some clients send a JSON number; the body parser hands on its digits as text. */
export const NonceText = Type.String({ pattern: '^[0-9]{1,78}(\\.[0-9]{1,77})?$', maxLength: 79 });
/** A transaction hash, or what stands for one where orders are free. It is kept and shown: bounded. */
const OrderId = Type.String({ minLength: 1, maxLength: 200 });
export const UserData = Type.Record(Type.String(), Type.Unknown());

const AssetReference = {
  documentId: AnyDid,
  /** May be absent where one service of the asset fits. */
  serviceId: Type.Optional(Text),
  transferTxId: OrderId,
  userdata: Type.Optional(UserData),
};

export const AlgorithmMetaSchema = Type.Object({
  rawcode: Type.Optional(Type.String({ minLength: 1 })),
  url: Type.Optional(Type.String({ minLength: 1, maxLength: 10_000 })),
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
  /** May be absent where there is one only; else such a request gets Provider's answer for an environment that does not exist. */
  environment: Type.Optional(Type.String({ maxLength: 64 })),
  dataset: Type.Object(AssetReference),
  algorithm: Type.Object({
    documentId: Type.Optional(Text),
    serviceId: Type.Optional(Text),
    transferTxId: Type.Optional(OrderId),
    meta: Type.Optional(AlgorithmMetaSchema),
    userdata: Type.Optional(UserData),
    algocustomdata: Type.Optional(Type.Unknown()),
  }),
  additionalDatasets: Type.Optional(Type.Array(Type.Object(AssetReference), { maxItems: 32 })),
  /** What the job needs of its environment; its share where absent. */
  resources: Type.Optional(
    // A misspelt member would be money for what nobody asked: the one place where fields that are not known are refused.
    Type.Object(ResourcesSchema.properties, { additionalProperties: false }),
  ),
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
  documentId: Type.Optional(AnyDid),
  agreementId: Type.Optional(Text),
};

/** Where statuses are open to all, what is signed need not be of its form: it counts for nothing then, as in the page's own example. */
export const StatusQuerySchema = Type.Object({
  ...Which,
  documentId: Type.Optional(Text),
  consumerAddress: Type.Optional(AnyAddress),
  /** The same as consumerAddress. */
  owner: Type.Optional(AnyAddress),
  signature: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
  nonce: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
  dates: Type.Optional(Type.Unsafe<'iso' | 'unix'>(Type.Union([Type.Literal('iso'), Type.Literal('unix')]))),
  ...Paging,
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

/** The same where it must be signed. */
export const SignedStatusSchema = Type.Object({
  ...Which,
  consumerAddress: AnyAddress,
  signature: Signature,
  nonce: NonceText,
});

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
  ...StreamParts,
  signature: Type.Optional(Signature),
  nonce: Type.Optional(NonceText),
  ticket: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'From createTicket, in place of a header.' }),
  ),
});
export type EventsQuery = Static<typeof EventsQuerySchema>;

/** Wants a typed signature or a token in the header; these are for nodes that accept the old texts for it. */
export const TicketRequestSchema = Type.Object({
  consumerAddress: Type.Optional(AnyAddress),
  nonce: Type.Optional(NonceText),
  signature: Type.Optional(Signature),
});

/** Without a jobId: all of the caller's jobs, or those on a dataset. */
export const StopRequestSchema = Type.Object({
  ...Signed,
  /** Absent where the text is address and jobId alone, as ocean.js signs it. */
  nonce: Type.Optional(NonceText),
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
  /** 0 if absent, and signed as such. */
  index: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' })),
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
  signature: Type.Optional(Signature),
});
export type CreateTokenQuery = Static<typeof CreateTokenQuerySchema>;

export const DeleteTokenRequestSchema = Type.Object({
  address: AnyAddress,
  nonce: NonceText,
  token: Type.String({ minLength: 1, maxLength: 10_000 }),
  signature: Type.Optional(Signature),
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
  serviceId: Type.Optional(Text),
  consumerAddress: AnyAddress,
  /** A compute service is ordered for an environment, up to a time. */
  environment: Type.Optional(Type.String({ maxLength: 64 })),
  validUntil: Type.Optional(UnixTime),
  transferTxId: Type.Optional(Text),
});
export type InitializeQuery = Static<typeof InitializeQuerySchema>;

const AssetToOrder = Type.Object({
  documentId: Text,
  serviceId: Type.Optional(Text),
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
  compute: Type.Object({ env: Type.Optional(Type.String({ maxLength: 64 })), validUntil: UnixTime }),
  consumerAddress: AnyAddress,
});
export type InitializeComputeRequest = Static<typeof InitializeComputeRequestSchema>;

/** A point in time: Unix seconds with a millisecond fraction, or ISO 8601 where the caller asked for it. */
const Time = Type.Union([Type.Number(), Type.String()]);

/** Drawn in docs/lifecycle.md. */
export const StatusCodeSchema = Type.Unsafe<number>({
  type: 'integer',
  enum: STATUS_ROWS.map(({ code }) => code),
  description: STATUS_ROWS.map(({ code, text }) => `${code} ${text}`).join(', '),
});

export const StatusObjectSchema = Type.Object({
  owner: Type.String(),
  documentId: Type.String(),
  did: Type.String(),
  jobId: Type.String(),
  run: Type.Integer({
    minimum: 0,
    description: 'Which run of the job this is; results of earlier ones are asked for by `run`. 0 of a deleted job.',
  }),
  agreementId: Type.String(),
  dateCreated: Time,
  dateFinished: Type.Union([Time, Type.Null()]),
  status: StatusCodeSchema,
  statusText: Type.String(),
  environment: Type.String(),
  algorithmLogUrl: Type.Union([Type.String(), Type.Null()]),
  resultsUrls: Type.Array(Type.String()),
  results: Type.Array(ResultFileSchema),
  resultsOmitted: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: 'In lists: how many results of this job are left out. Ask for it by its id.',
    }),
  ),
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
