/** Commands and events between gateway and runner. Versioned, and checked on both ends. */
import { Type, type Static } from 'typebox';
import { DidSchema, EnvironmentIdSchema, JobIdSchema, type JobId } from './ids.ts';
import { JobSpecSchema, ResultFileSchema, TerminationSchema } from './job.ts';
import { STATUS_ROWS, eventNumber, type StatusCode } from './status.ts';

/** What a column of whole numbers takes, and a Date. */
export const TimeSchema = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });
const RunSchema = Type.Integer({ minimum: 1, maximum: 2 ** 31 });
const AttemptSchema = Type.Integer({ minimum: 0, maximum: 2 ** 31 });
/** Sizes, counts and durations of what a runner offers. */
const AmountSchema = Type.Number({ minimum: 0, maximum: 1e15 });
const NameSchema = Type.String({ maxLength: 1_000 });
/** The id of a runner is part of subjects. */
const RunnerIdSchema = Type.String({ minLength: 1, maxLength: 128 });

/** Who has an attempt of a run: whoever asked for it first. */
export const AttemptOwnerSchema = Type.Object({ attempt: Type.Integer({ minimum: 1 }), runnerId: RunnerIdSchema });
export type AttemptOwner = Static<typeof AttemptOwnerSchema>;

export const StartCommandSchema = Type.Object({
  v: Type.Literal(1),
  jobId: JobIdSchema,
  run: RunSchema,
  spec: JobSpecSchema,
  /** The last attempt that the gateway heard was started: a runner that lost its memory, or never was at it, goes on after it. */
  lastStart: Type.Integer({ minimum: 0, maximum: 2 ** 30, default: 0 }),
  /** The last attempt that the gateway gave away, and to whom: also where the broker forgot it. */
  startedBy: Type.Optional(AttemptOwnerSchema),
  /** The gateway answers who may start an attempt. One of an older version does not: then the broker's word has to do. */
  confirmsStarts: Type.Optional(Type.Literal(true)),
});
export type StartCommand = Static<typeof StartCommandSchema>;

/** What the gateway wants of a job's run. `ended` tells a runner that a start it still holds is over and done with. */
export const DesiredSchema = Type.Object({
  v: Type.Literal(1),
  run: Type.Integer({ minimum: 1 }),
  want: Type.Union([Type.Literal('run'), Type.Literal('stopped'), Type.Literal('deleted'), Type.Literal('ended')]),
  /** The answer to a claim: only this runner may start this attempt, and none before it is to be started any more. */
  start: Type.Optional(AttemptOwnerSchema),
});
export type Desired = Static<typeof DesiredSchema>;

/** Said by a runner before it starts an algorithm. */
export const StartedSchema = Type.Object({
  v: Type.Literal(1),
  run: Type.Integer({ minimum: 1 }),
  attempt: Type.Integer({ minimum: 1 }),
  runnerId: RunnerIdSchema,
});
export type Started = Static<typeof StartedSchema>;

/** Said by a runner again and again: as long as it can, nobody else goes on with what it has started. */
export const LeaseSchema = Type.Object({
  v: Type.Literal(1),
  /** Without saying so for this long, it ends what it has started. */
  endsAfterMs: Type.Integer({ minimum: 1, maximum: 1e13 }),
  /** Unix milliseconds: tells one word from the one before it. */
  at: TimeSchema,
});
export type Lease = Static<typeof LeaseSchema>;

export const EventDetailsSchema = Type.Object({
  termination: Type.Optional(TerminationSchema),
  results: Type.Optional(Type.Array(ResultFileSchema, { maxItems: 100_000 })),
  /** The list did not fit into the message: `results` is the beginning of it, and the whole stands in the manifest, so many files long. */
  resultsInManifest: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 })),
  /** Unix milliseconds after which the results are dropped. */
  expiresAt: Type.Optional(TimeSchema),
  /** The asset that the results are; added by the gateway. */
  resultsDid: Type.Optional(DidSchema),
});
export type EventDetails = Static<typeof EventDetailsSchema>;

export const JobEventSchema = Type.Object({
  v: Type.Literal(1),
  jobId: JobIdSchema,
  run: RunSchema,
  attempt: AttemptSchema,
  n: AttemptSchema,
  code: Type.Unsafe<StatusCode>(Type.Union(STATUS_ROWS.map((row) => Type.Literal(row.code)))),
  /** Unix milliseconds. */
  at: TimeSchema,
  details: EventDetailsSchema,
  /** Claims the attempt for this runner: sent by itself, beside the event, and answered in the desired state. */
  claimedBy: Type.Optional(RunnerIdSchema),
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
  cpus: AmountSchema,
  ramGB: AmountSchema,
  diskGB: AmountSchema,
  gpus: Type.Integer({ minimum: 0, maximum: 10_000 }),
  maxDurationS: AmountSchema,
});

/** An environment as its runner offers it. Sizes in GB (10^9 bytes), durations in seconds: the units of the wire contract. */
export const EnvironmentSchema = Type.Object({
  id: EnvironmentIdSchema,
  desc: Type.String({ maxLength: 10_000 }),
  cpuType: NameSchema,
  nCPU: AmountSchema,
  gpuType: NameSchema,
  nGPU: Type.Integer({ minimum: 0, maximum: 10_000 }),
  ramGB: AmountSchema,
  diskGB: AmountSchema,
  /** Whether jobs need orders on a chain. Runners that don't say want none. */
  orders: Type.Union([Type.Literal('free'), Type.Literal('chain')], { default: 'free' }),
  priceMin: Type.Number({ minimum: 0, maximum: 1e30 }),
  feeToken: Type.String({ maxLength: 64 }),
  /** Whose assets may be computed on there; any if absent. */
  allowedChainId: Type.Optional(
    Type.Array(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), { minItems: 1, maxItems: 100 }),
  ),
  maxJobs: Type.Integer({ minimum: 1, maximum: 100_000 }),
  maxJobDuration: AmountSchema,
  storageExpiry: AmountSchema,
  allowNetworkAccess: Type.Boolean(),
  /** `hard`: the engine holds what jobs write to a size. `measured`: the runner looks how much it is, again and again. */
  diskQuota: Type.Optional(Type.Union([Type.Literal('hard'), Type.Literal('measured')])),
  /** Runners that don't say give each job an equal share. */
  perJob: Type.Optional(PerJobSchema),
});
export type Environment = Static<typeof EnvironmentSchema>;

/** Told by each runner at start, every few seconds, and when its jobs change. */
/** What is tidied up, in slices, since the start of a process. `longestSliceMs`: the longest that others waited for a slice. */
export const UpkeepReportSchema = Type.Object({
  name: NameSchema,
  isRunning: Type.Boolean(),
  done: Type.Integer({ minimum: 0 }),
  slices: Type.Integer({ minimum: 0 }),
  longestSliceMs: AmountSchema,
  /** Unix milliseconds. */
  lastEndedAt: Type.Union([Type.Number({ minimum: 0, maximum: 8_640_000_000_000_000 }), Type.Null()]),
});

export const AnnouncementSchema = Type.Object({
  v: Type.Literal(1),
  runnerId: RunnerIdSchema,
  /** New with every start of the runner's process. */
  instance: Type.String({ maxLength: 256 }),
  /** Unix milliseconds of that process's start. */
  since: Type.Optional(TimeSchema),
  environments: Type.Array(EnvironmentSchema, { maxItems: 100 }),
  jobs: Type.Array(Type.Object({ jobId: JobIdSchema, run: RunSchema, environment: EnvironmentIdSchema }), {
    maxItems: 10_000,
  }),
  /** Why no job begins there for now, in words for owners of jobs. Absent if they begin. */
  paused: Type.Optional(Type.String({ maxLength: 2_000 })),
  /** What an operator must act on there, though jobs begin. */
  troubles: Type.Optional(Type.Array(Type.String({ maxLength: 2_000 }), { maxItems: 20 })),
  /** Runners of older versions don't say. */
  upkeep: Type.Optional(Type.Array(UpkeepReportSchema, { maxItems: 20 })),
});
export type Announcement = Static<typeof AnnouncementSchema>;
