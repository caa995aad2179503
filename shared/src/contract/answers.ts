/** Answers of the REST side beside job statuses. */
import { Type, type Static } from 'typebox';
import { ContainerSchema } from './ddo.ts';
import { EnvironmentSchema, UpkeepReportSchema } from './messages.ts';

export const RootSchema = Type.Object({
  software: Type.Literal('Capstan'),
  version: Type.String(),
  chainIds: Type.Array(Type.Integer()),
  providerAddresses: Type.Record(Type.String(), Type.String()),
  providerAddress: Type.String(),
  publicKey: Type.String(),
  serviceEndpoints: Type.Record(Type.String(), Type.Array(Type.String(), { minItems: 2, maxItems: 2 })),
});

const PartSchema = Type.Union([
  Type.Object({ state: Type.Literal('ok') }),
  Type.Object({ state: Type.Literal('down'), problem: Type.String() }),
]);

export const HealthSchema = Type.Object({
  /** `degraded`: jobs are accepted, and wait for what is down. `down`: none can be accepted. */
  status: Type.Union([Type.Literal('ok'), Type.Literal('degraded'), Type.Literal('down')]),
  /** Why it is not `ok`, in words. */
  reasons: Type.Array(Type.String()),
  /** What an operator may want to know, though nothing waits for it. */
  notices: Type.Array(Type.String()),
  parts: Type.Object({ store: PartSchema, nats: PartSchema, runners: PartSchema, results: PartSchema }),
  /** Ids of the runners heard of within the last 30 s. */
  runners: Type.Array(Type.String()),
  /** Messages that could never be applied; a person should look at them. */
  deadLetters: Type.Integer(),
  /** What gateway and runners (each under its id) tidy up, in slices, since its start. `longestSliceMs`: the longest that others waited for a slice. */
  upkeep: Type.Array(UpkeepReportSchema),
});
export type Health = Static<typeof HealthSchema>;

/** An environment under the names of the page and of ocean.js, both. */
export const EnvironmentObjectSchema = Type.Object({
  ...EnvironmentSchema.properties,
  cpuNumber: Type.Number(),
  gpuNumber: Type.Number(),
  /** The node's own address: what environments fetch from other providers is ordered in its name. */
  consumerAddress: Type.String(),
  currentJobs: Type.Integer(),
  queuedJobs: Type.Integer(),
  /** Unix seconds. */
  lastSeen: Type.Number(),
  /** Whether a runner of it is connected. Jobs for one that is not are accepted and wait. */
  available: Type.Boolean(),
});
export type EnvironmentObject = Static<typeof EnvironmentObjectSchema>;

export const ContainerRequestSchema = Type.Partial(ContainerSchema);

export const ValidationErrorSchema = Type.Object({
  errors: Type.Record(Type.String(), Type.Array(Type.String())),
  message: Type.Literal('Validation error'),
  success: Type.Literal(false),
  hint: Type.Optional(Type.String({ description: 'How to prove who asks, where that is missing.' })),
});

export const ErrorSchema = Type.Object({
  /** A text, or one of Ocean Provider's codes by resource. */
  error: Type.Union([Type.String(), Type.Record(Type.String(), Type.String())]),
  message: Type.Optional(Type.String()),
  /** Which cause, where Ocean Provider has one code for several. */
  reason: Type.Optional(Type.String()),
});
