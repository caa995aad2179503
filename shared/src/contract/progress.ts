/** How far a phase of a job is. Told while it lasts and kept nowhere: the next one says it again, and the end of the phase is an event. */
import { Type, type Static } from 'typebox';
import { JobIdSchema } from './ids.ts';

export const PROGRESS_PHASES = ['pull', 'provision', 'publish'] as const;
export type ProgressPhase = (typeof PROGRESS_PHASES)[number];

export const ProgressSchema = Type.Object({
  v: Type.Literal(1),
  jobId: JobIdSchema,
  run: Type.Integer({ minimum: 1 }),
  attempt: Type.Integer({ minimum: 1 }),
  /** `pull`: the image. `provision`: datasets and algorithm. `publish`: outputs and logs. */
  phase: Type.Unsafe<ProgressPhase>(Type.Union(PROGRESS_PHASES.map((phase) => Type.Literal(phase)))),
  doneBytes: Type.Integer({ minimum: 0 }),
  /** Null as long as nobody knows. */
  totalBytes: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  /** Unix milliseconds. */
  at: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
});
export type Progress = Static<typeof ProgressSchema>;
