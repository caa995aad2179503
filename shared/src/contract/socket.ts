/** Frames of the live status socket, JSON text each. */
import { Type, type Static } from 'typebox';
import { StatusObjectSchema } from './api.ts';

/** Exactly one of `jobId` and `consumerAddress` says which jobs. */
export const SubscribeFrameSchema = Type.Object({
  type: Type.Literal('subscribe'),
  jobId: Type.Optional(Type.String({ minLength: 1 })),
  consumerAddress: Type.Optional(Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' })),
  /** Needed where the node's `statusAccess` is `signed`; signs consumerAddress + (jobId) + nonce. */
  signature: Type.Optional(Type.String({ pattern: '^0x[0-9a-fA-F]{130}$' })),
  nonce: Type.Optional(Type.String({ pattern: '^[0-9]{1,78}(\\.[0-9]{1,77})?$' })),
  /** In place of the signature. */
  token: Type.Optional(Type.String({ minLength: 1, maxLength: 4_000 })),
});
export type SubscribeFrame = Static<typeof SubscribeFrameSchema>;

export const PingFrameSchema = Type.Object({ type: Type.Literal('ping') });

export const ClientFrameSchemas = { subscribe: SubscribeFrameSchema, ping: PingFrameSchema } as const;
export type ClientFrame = SubscribeFrame | Static<typeof PingFrameSchema>;

/** The jobs as they stand at `cursor`; every event after it follows. */
export const SnapshotFrameSchema = Type.Object({
  type: Type.Literal('snapshot'),
  cursor: Type.Integer(),
  jobs: Type.Array(StatusObjectSchema),
});

/** One stored event, and the job as that event left it. `cursor` is its place in the order of all events of the node. */
export const EventFrameSchema = Type.Object({
  type: Type.Literal('event'),
  cursor: Type.Integer(),
  jobId: Type.String(),
  run: Type.Integer(),
  attempt: Type.Integer(),
  status: Type.Integer(),
  statusText: Type.String(),
  /** Unix seconds with a millisecond fraction. */
  at: Type.Number(),
  job: StatusObjectSchema,
});

export const PongFrameSchema = Type.Object({ type: Type.Literal('pong') });
export const ErrorFrameSchema = Type.Object({
  type: Type.Literal('error'),
  code: Type.String(),
  message: Type.String(),
});

export type ServerFrame =
  | Static<typeof SnapshotFrameSchema>
  | Static<typeof EventFrameSchema>
  | Static<typeof PongFrameSchema>
  | Static<typeof ErrorFrameSchema>;

/** Why the node closes a socket. 4xxx codes are for applications (RFC 6455 §7.4.2); the last digits follow HTTP. */
export const CLOSE = {
  badFrame: 4400,
  unauthorized: 4401,
  tooSlow: 4408,
  goingAway: 1001,
  internal: 1011,
} as const;
