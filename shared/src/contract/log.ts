/**
 * The log of an algorithm while it runs: the runner says that it has grown, the gateway asks for the piece it wants. Nothing of it is kept
 * on the way, and nothing has to be: an offset says all that a question needs, so whatever is lost is asked for again.
 */
import { Type, type Static } from 'typebox';
import { JobIdSchema } from './ids.ts';

export const LOG_STREAMS = ['stdout', 'stderr'] as const;
export type LogStream = (typeof LOG_STREAMS)[number];
export const LogStreamSchema = Type.Unsafe<LogStream>(Type.Union(LOG_STREAMS.map((name) => Type.Literal(name))));

/** Lengths of what follows one another, in bytes: above zero of standard output, below zero of standard error. */
const Segments = Type.Array(Type.Integer(), { maxItems: 200_000 });

export const LogQuestionSchema = Type.Object({
  v: Type.Literal(1),
  run: Type.Integer({ minimum: 1 }),
  /** Bytes from the beginning; below zero, from the end as it is now. */
  from: Type.Integer(),
  maxBytes: Type.Integer({ minimum: 1 }),
});
export type LogQuestion = Static<typeof LogQuestionSchema>;

export const LogPieceSchema = Type.Object({
  v: Type.Literal(1),
  /** A new attempt begins a new log. 0: there is none at the moment. */
  attempt: Type.Integer({ minimum: 0 }),
  from: Type.Integer({ minimum: 0 }),
  segments: Segments,
  /** Base64. */
  bytes: Type.String({ maxLength: 1_000_000 }),
  /** Of the whole log, so far. */
  sizeBytes: Type.Integer({ minimum: 0 }),
});
export type LogPiece = Static<typeof LogPieceSchema>;

export const LogGrownSchema = Type.Object({
  v: Type.Literal(1),
  jobId: JobIdSchema,
  run: Type.Integer({ minimum: 1 }),
  attempt: Type.Integer({ minimum: 1 }),
  sizeBytes: Type.Integer({ minimum: 0 }),
});
export type LogGrown = Static<typeof LogGrownSchema>;
