/** What runners say of runs that have ended: nothing of them is left in the engine. No event, and kept nowhere: who missed it asks. */
import { Type, type Static } from 'typebox';
import { JobIdSchema } from './ids.ts';

/** Of one question, and so of one answer. */
export const MOST_RUNS_ASKED = 200;

const RunSchema = Type.Object({ jobId: JobIdSchema, run: Type.Integer({ minimum: 1, maximum: 2 ** 31 }) });
const RunsSchema = Type.Array(RunSchema, { maxItems: MOST_RUNS_ASKED });
const RunnerIdSchema = Type.String({ minLength: 1, maxLength: 128 });

/** Asked by the gateway of every runner: what is left of these? */
export const RemainsQuestionSchema = Type.Object({ v: Type.Literal(1), runs: RunsSchema });
export type RemainsQuestion = Static<typeof RemainsQuestionSchema>;

export const ClearedSchema = Type.Object({
  v: Type.Literal(1),
  runnerId: RunnerIdSchema,
  /** What it was called before: an attempt may still be known as one of those. */
  former: Type.Array(RunnerIdSchema, { maxItems: 100 }),
  /** `ended`: it ended these runs and has cleared them away. `none`: it has nothing of them, and may never have had. */
  because: Type.Union([Type.Literal('ended'), Type.Literal('none')]),
  runs: RunsSchema,
});
export type Cleared = Static<typeof ClearedSchema>;
