/**
 * Frames of the live status socket, JSON text each, version 1. docs/live.md tells how they follow one another; the AsyncAPI description
 * is made from these very schemas. Frames and fields may be added within a version: ignore what you don't know.
 */
import { Type, type Static, type TSchema } from 'typebox';
import { NonceText, Signature, StatusCodeSchema, StatusObjectSchema } from './api.ts';
import { AnyAddress, Cursor, JobName, ListParts, Name, NextPage, progressFields, Token } from './frame-parts.ts';
import { CountsFrameSchema, JobsPageFrameSchema, PageFrameSchema } from './list-frames.ts';
import { LogEndFrameSchema, LogFrameSchema, LogRestartFrameSchema, LogsFrameSchema } from './log-frames.ts';

export const PROTOCOL_VERSION = 1;

/** What a client calls a subscription that it gives no name. */
export const DEFAULT_SUBSCRIPTION = '1';

export const MAX_JOBS_OF_SUBSCRIPTION = 100;

export const SubscribeFrameSchema = Type.Object(
  {
    type: Type.Literal('subscribe'),
    subscription: Type.Optional(Name),
    /** Which jobs; at least one of these, and all that are given must be true of a job. */
    jobs: Type.Optional(Type.Array(JobName, { minItems: 1, maxItems: MAX_JOBS_OF_SUBSCRIPTION })),
    owner: Type.Optional(AnyAddress),
    documentId: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    environment: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    all: Type.Optional(
      Type.Literal(true, { description: 'The jobs of everybody. For operators, as an environment alone is.' }),
    ),
    /** The same as `jobs` with one id, and as `owner`: the names that REST has for them. */
    jobId: Type.Optional(JobName),
    consumerAddress: Type.Optional(AnyAddress),
    from: Type.Optional(
      Type.Union([Cursor, Type.Literal('now'), Type.Literal('start')], {
        description:
          '`now`, or absent: a snapshot, then what happens. `start`: every event that is kept, then what happens. A cursor: every event after it.',
      }),
    ),
    detail: Type.Optional(
      Type.Literal('row', {
        description:
          '`row`: small frames. Results come with the event that ended a run, and in snapshots of jobs that are named; in other snapshots a job has what a line of a list shows. What is left out is empty, and `resultsOmitted` counts results.',
      }),
    ),
    status: ListParts.status,
    order: ListParts.order,
    limit: ListParts.limit,
    counts: Type.Optional(
      Type.Literal(true, {
        description: 'Tell how many of these jobs wait, run and have ended, at the beginning and when it changes.',
      }),
    ),
    /** Signs consumerAddress + (jobId) + (documentId) + nonce, where statuses must be signed and the socket is not authenticated. */
    signature: Type.Optional(Signature),
    nonce: Type.Optional(NonceText),
    /** In place of the signature. */
    token: Type.Optional(Token),
  },
  { description: 'Follow the statuses of jobs. One socket may hold several subscriptions, each of a name of its own.' },
);
export type SubscribeFrame = Static<typeof SubscribeFrameSchema>;

export const UnsubscribeFrameSchema = Type.Object(
  { type: Type.Literal('unsubscribe'), subscription: Name },
  { description: 'End a subscription. No frame of it comes after the answer.' },
);

export const AuthenticateFrameSchema = Type.Object(
  {
    type: Type.Literal('authenticate'),
    token: Type.Optional(Token),
    ticket: Type.Optional(Token),
    /** Signs consumerAddress + nonce and uses up the nonce: for nodes that accept the old texts for it. Others want a token or a ticket. */
    consumerAddress: Type.Optional(AnyAddress),
    nonce: Type.Optional(NonceText),
    signature: Type.Optional(Signature),
  },
  { description: 'Say who is calling: by a token, a ticket, or a signature. It holds for the whole socket.' },
);
export type AuthenticateFrame = Static<typeof AuthenticateFrameSchema>;

export const PingFrameSchema = Type.Object({ type: Type.Literal('ping') }, { description: 'Ask for a `pong`.' });

export const ClientFrameSchemas = {
  authenticate: AuthenticateFrameSchema,
  subscribe: SubscribeFrameSchema,
  page: PageFrameSchema,
  unsubscribe: UnsubscribeFrameSchema,
  logs: LogsFrameSchema,
  ping: PingFrameSchema,
} as const satisfies Record<string, TSchema>;

export type ClientFrame = {
  [Name in keyof typeof ClientFrameSchemas]: Static<(typeof ClientFrameSchemas)[Name]>;
}[keyof typeof ClientFrameSchemas];

export const HelloFrameSchema = Type.Object(
  {
    type: Type.Literal('hello'),
    v: Type.Literal(PROTOCOL_VERSION),
    /** The node's address. */
    node: Type.String(),
  },
  { description: 'The first frame of every socket.' },
);

export const AuthenticatedFrameSchema = Type.Object(
  {
    type: Type.Literal('authenticated'),
    /** With its checksum. */
    address: Type.String(),
    /** Unix seconds; the socket is closed with 4401 then. Null for a signature. */
    expires: Type.Union([Type.Number(), Type.Null()]),
  },
  { description: 'The node knows who is calling.' },
);

export const SnapshotFrameSchema = Type.Object(
  {
    type: Type.Literal('snapshot'),
    subscription: Name,
    cursor: Cursor,
    /** Newest first, or as `order` says; 1,000 at most, or `limit`. */
    jobs: Type.Array(StatusObjectSchema),
    next: NextPage,
    /** The latest of each of those jobs that is in a phase which has progress. */
    progress: Type.Array(Type.Object(progressFields)),
  },
  { description: 'The jobs as they stand at `cursor`; every event after it follows.' },
);

export const EventFrameSchema = Type.Object(
  {
    type: Type.Literal('event'),
    subscription: Name,
    cursor: Cursor,
    jobId: Type.String(),
    run: Type.Integer(),
    attempt: Type.Integer(),
    status: StatusCodeSchema,
    statusText: Type.String(),
    /** Unix seconds with a millisecond fraction. */
    at: Type.Number(),
    /** The job as the event left it; as it stands now, where the event is told from history. Of a deleted job, hardly more than its id. */
    job: StatusObjectSchema,
  },
  { description: 'One stored event. Each comes once, in the order of the cursors.' },
);

export const CaughtUpFrameSchema = Type.Object(
  { type: Type.Literal('caughtUp'), subscription: Name, cursor: Cursor },
  { description: 'All that was stored up to `cursor` has been told; from here on events come as they happen.' },
);

export const RESET_REASONS = ['cursor-too-old', 'cursor-unknown'] as const;

export const ResetFrameSchema = Type.Object(
  {
    type: Type.Literal('reset'),
    subscription: Name,
    reason: Type.Unsafe<(typeof RESET_REASONS)[number]>(
      Type.Union(
        RESET_REASONS.map((reason) => Type.Literal(reason)),
        {
          description:
            '`cursor-too-old`: events after it are no longer kept. `cursor-unknown`: this node has never given it out, or has lost what it did since in a restore.',
        },
      ),
    ),
  },
  { description: 'The cursor can not be resumed from: forget what you know. A snapshot follows.' },
);

export const ProgressFrameSchema = Type.Object(
  { type: Type.Literal('progress'), subscription: Name, ...progressFields },
  {
    description:
      'How far a phase of a job is. No part of the order of events, kept nowhere, and left out for whom it would only delay: the next one says it again.',
  },
);

export const QueueFrameSchema = Type.Object(
  {
    type: Type.Literal('queue'),
    subscription: Name,
    jobId: Type.String(),
    position: Type.Integer(),
    reason: Type.String(),
  },
  {
    description:
      'The place or the reason of a waiting job has changed. No part of the order of events; told of the first hundred jobs of each environment.',
  },
);

export const RemovedFrameSchema = Type.Object(
  { type: Type.Literal('removed'), subscription: Name, jobId: Type.String(), run: Type.Integer() },
  {
    description:
      'The containers and volumes of a run that has ended are gone: `removed` of the job is 1 from now on. No part of the order of events, and told once: a status that is read later says the same.',
  },
);

export const UnsubscribedFrameSchema = Type.Object(
  { type: Type.Literal('unsubscribed'), subscription: Name },
  { description: 'The answer to `unsubscribe`.' },
);

export const PongFrameSchema = Type.Object({ type: Type.Literal('pong') }, { description: 'The answer to `ping`.' });

export const ErrorFrameSchema = Type.Object(
  {
    type: Type.Literal('error'),
    code: Type.String(),
    message: Type.String(),
    subscription: Type.Optional(Name),
    /** With TOO_SLOW: all of the subscription up to here was sent. */
    cursor: Type.Optional(Cursor),
    /** The socket stays open: only this subscription, which its client named, is refused or has ended. */
    isOpen: Type.Optional(Type.Literal(true)),
  },
  { description: 'What went wrong. The node closes the socket after it, unless the frame says `isOpen`.' },
);

export const ServerFrameSchemas = {
  hello: HelloFrameSchema,
  authenticated: AuthenticatedFrameSchema,
  snapshot: SnapshotFrameSchema,
  page: JobsPageFrameSchema,
  counts: CountsFrameSchema,
  event: EventFrameSchema,
  caughtUp: CaughtUpFrameSchema,
  reset: ResetFrameSchema,
  progress: ProgressFrameSchema,
  queue: QueueFrameSchema,
  removed: RemovedFrameSchema,
  log: LogFrameSchema,
  logRestart: LogRestartFrameSchema,
  logEnd: LogEndFrameSchema,
  unsubscribed: UnsubscribedFrameSchema,
  pong: PongFrameSchema,
  error: ErrorFrameSchema,
} as const satisfies Record<string, TSchema>;

export type ServerFrame = {
  [Name in keyof typeof ServerFrameSchemas]: Static<(typeof ServerFrameSchemas)[Name]>;
}[keyof typeof ServerFrameSchemas];

/** What each close code means, and what a client does then. */
export const CLOSE_ABOUT: Readonly<Record<keyof typeof CLOSE, string>> = {
  badFrame: 'A frame that is none, or a subscription to nothing: mend the client.',
  unauthorized: 'Not allowed, or the token has ended: sign in again.',
  tooSlow: 'Nothing was read for too long: connect again, and resume from the cursor that the reason names.',
  tooMany: 'Too many frames, subscriptions or tokens: send fewer.',
  goingAway: 'The node stops: connect again.',
  internal: 'A mistake of the node: its log says more.',
  tryLater: 'Not possible at the moment: try again later.',
};

/** Codes of error frames that no request has. */
export const SOCKET_ERROR_CODES = ['TOKEN_ENDED', 'TOO_MANY', 'TOO_SLOW'] as const;

/** Why the node closes a socket. 4xxx codes are for applications (RFC 6455 §7.4.2); the last digits follow HTTP. */
export const CLOSE = {
  badFrame: 4400,
  unauthorized: 4401,
  /** The client does not read what it is sent. The reason holds the cursor to resume from. */
  tooSlow: 4408,
  /** Too many frames a second, or subscriptions. */
  tooMany: 4429,
  goingAway: 1001,
  internal: 1011,
  /** The node can't do it at the moment. */
  tryLater: 1013,
} as const;
