/** Commands and events between gateway and runner. Versioned, and checked on both ends. */
import { Type, type Static } from 'typebox';
import { DidSchema, EnvironmentIdSchema, JobIdSchema, type JobId } from './ids.ts';
import { JobSpecSchema, ResultFileSchema, TerminationSchema } from './job.ts';
import { STATUS_ROWS, eventNumber, type StatusCode } from './status.ts';

export const StartCommandSchema = Type.Object({
  v: Type.Literal(1),
  jobId: JobIdSchema,
  run: Type.Integer({ minimum: 1 }),
  spec: JobSpecSchema,
  /** The last attempt that the gateway heard was started: a runner that lost its memory, or never was at it, goes on after it. */
  lastStart: Type.Integer({ minimum: 0, default: 0 }),
});
export type StartCommand = Static<typeof StartCommandSchema>;

/** What the gateway wants of a job's run. `ended` tells a runner that a start it still holds is over and done with. */
export const DesiredSchema = Type.Object({
  v: Type.Literal(1),
  run: Type.Integer({ minimum: 1 }),
  want: Type.Union([Type.Literal('run'), Type.Literal('stopped'), Type.Literal('deleted'), Type.Literal('ended')]),
});
export type Desired = Static<typeof DesiredSchema>;

/** Said by a runner before it starts an algorithm. */
export const StartedSchema = Type.Object({
  v: Type.Literal(1),
  run: Type.Integer({ minimum: 1 }),
  attempt: Type.Integer({ minimum: 1 }),
  runnerId: Type.String(),
});
export type Started = Static<typeof StartedSchema>;

export const EventDetailsSchema = Type.Object({
  termination: Type.Optional(TerminationSchema),
  results: Type.Optional(Type.Array(ResultFileSchema)),
  /** Unix milliseconds after which the results are dropped. */
  expiresAt: Type.Optional(Type.Number()),
  /** The asset that the results are; added by the gateway. */
  resultsDid: Type.Optional(DidSchema),
});
export type EventDetails = Static<typeof EventDetailsSchema>;

export const JobEventSchema = Type.Object({
  v: Type.Literal(1),
  jobId: JobIdSchema,
  run: Type.Integer({ minimum: 1 }),
  attempt: Type.Integer({ minimum: 0 }),
  n: Type.Integer({ minimum: 0 }),
  code: Type.Unsafe<StatusCode>(Type.Union(STATUS_ROWS.map((row) => Type.Literal(row.code)))),
  /** Unix milliseconds. */
  at: Type.Number(),
  details: EventDetailsSchema,
});
export type JobEvent = Static<typeof JobEventSchema>;

export interface NewEvent {
  readonly jobId: JobId;
  readonly run: number;
  readonly attempt: number;
  readonly code: StatusCode;
  readonly at: number;
  readonly details?: EventDetails;
}

/** Completes an event with its version and number. */
export function jobEvent({ jobId, run, attempt, code, at, details = {} }: NewEvent): JobEvent {
  return { v: 1, jobId, run, attempt, n: eventNumber(code), code, at, details };
}

/** The most that one job may ask of an environment. A job that asks for nothing gets that much, but no GPU. */
export const PerJobSchema = Type.Object({
  cpus: Type.Number(),
  ramGB: Type.Number(),
  diskGB: Type.Number(),
  gpus: Type.Integer({ minimum: 0 }),
  maxDurationS: Type.Number(),
});

/** An environment as its runner offers it. Sizes in GB (10^9 bytes), durations in seconds: the units of the wire contract. */
export const EnvironmentSchema = Type.Object({
  id: EnvironmentIdSchema,
  desc: Type.String(),
  cpuType: Type.String(),
  nCPU: Type.Number(),
  gpuType: Type.String(),
  nGPU: Type.Number(),
  ramGB: Type.Number(),
  diskGB: Type.Number(),
  /** Whether jobs need orders on a chain. Runners that don't say want none. */
  orders: Type.Union([Type.Literal('free'), Type.Literal('chain')], { default: 'free' }),
  priceMin: Type.Number(),
  feeToken: Type.String(),
  maxJobs: Type.Integer({ minimum: 1 }),
  maxJobDuration: Type.Number(),
  storageExpiry: Type.Number(),
  allowNetworkAccess: Type.Boolean(),
  /** `hard`: the engine holds what jobs write to a size. `measured`: the runner looks how much it is, again and again. */
  diskQuota: Type.Optional(Type.Union([Type.Literal('hard'), Type.Literal('measured')])),
  /** Runners that don't say give each job an equal share. */
  perJob: Type.Optional(PerJobSchema),
});
export type Environment = Static<typeof EnvironmentSchema>;

/** Told by each runner at start, every few seconds, and when its jobs change. */
export const AnnouncementSchema = Type.Object({
  v: Type.Literal(1),
  runnerId: Type.String(),
  /** New with every start of the runner's process. */
  instance: Type.String(),
  /** Unix milliseconds of that process's start. */
  since: Type.Optional(Type.Number()),
  environments: Type.Array(EnvironmentSchema),
  jobs: Type.Array(Type.Object({ jobId: JobIdSchema, run: Type.Integer(), environment: EnvironmentIdSchema })),
  /** Why no job begins there for now, in words for owners of jobs. Absent if they begin. */
  paused: Type.Optional(Type.String()),
});
export type Announcement = Static<typeof AnnouncementSchema>;
