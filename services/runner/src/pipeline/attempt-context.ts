/** What every step of an attempt is given. */
import type { ProgressCode } from '@capstan/shared/contract/status';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { StartRights } from '../docker/ours.ts';
import type { EgressImage } from '../egress/image.ts';
import type { Fetcher } from '../fetch/fetcher.ts';
import type { OwnNode } from '../fetch/sealed-files.ts';
import type { Images } from '../images/images.ts';
import type { Captures } from '../logs/captures.ts';
import type { Results } from '../results/results.ts';
import type { Attempt } from './attempt.ts';
import type { Control } from './control.ts';
import type { EngineRoom } from './engine-room.ts';
import type { RunToDo } from './run-to-do.ts';
import type { StartMarks } from './start-marks.ts';
import type { StepNotes } from './step-notes.ts';
import type { UserFiles } from './steps/user-files.ts';

/** What steps work with, the same for all attempts of a runner. */
export interface StepParts {
  readonly images: Images;
  readonly fetcher: Fetcher;
  readonly egress: EgressImage;
  readonly userFiles: UserFiles;
  readonly results: Results;
  readonly marks: StartMarks;
  readonly ownership: StartRights;
  readonly notes: StepNotes;
  readonly room: EngineRoom;
  readonly captures: Captures;
  readonly own: OwnNode;
  readonly clock: Clock;
}

export interface AttemptContext {
  readonly attempt: Attempt;
  readonly parts: StepParts;
  readonly control: Control;
  /** Resolves when it may be at work: one that goes alone is when nobody else is, and everybody else when that one is not. */
  readonly turn: RunToDo['turn'];
  /** Tells a status. */
  readonly report: (code: ProgressCode) => void;
  /** What is let go of at the end of the way, or where it is left. */
  readonly held: AsyncDisposableStack;
  /** Aborts when the runner stops; containers go on. */
  readonly signal: AbortSignal;
}
