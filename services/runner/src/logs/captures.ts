/** The captured logs of this runner: those that are open can be asked for; those of runs that are over are removed. */
import { join } from 'node:path';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Log } from '@capstan/shared/runtime/log';
import { namesOf, type AttemptIdentity } from '../docker/names.ts';
import { openCaptureFile, removeCapture } from './capture-file.ts';
import { startCapture, type Capture } from './capture.ts';
import type { LogLimits } from './log-state.ts';
import { namesIn } from '@capstan/shared/runtime/names-in-folder';
import type { EngineHost } from '../docker/ports/host.ts';
import type { EngineContainers } from '../docker/ports/containers.ts';

type Run = Pick<AttemptIdentity, 'jobId' | 'run'>;
type AttemptOf = Pick<AttemptIdentity, 'jobId' | 'run' | 'attempt'>;
type AttemptToCapture = AttemptOf & Pick<AttemptIdentity, 'node' | 'encryptTo'>;

export interface OpenCapture extends AttemptOf {
  readonly capture: Capture;
  /** It leaves this runner only encrypted to somebody's key, when it is published. */
  readonly isSealed: boolean;
}

interface Capturing {
  /** While its container runs; all of it is read in the end in any case. */
  readonly isFollowed: boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface Captures {
  /** Goes on with the capture of an attempt whose container was started, or begins it. */
  open(attempt: AttemptToCapture, how: Capturing): Promise<Capture>;
  /** The one of a job that is open. */
  find(jobId: JobId): OpenCapture | undefined;
  onGrown(listener: (grown: OpenCapture) => void): () => void;
  /** Harmless if there is none. */
  remove(run: Run): Promise<void>;
  /** Removes those of all other runs. */
  removeAllBut(runs: readonly Run[]): Promise<void>;
}

interface CapturesOptions {
  readonly dir: string;
  readonly engine: Pick<EngineHost, 'about'> & EngineContainers;
  readonly limits: LogLimits;
}

export function createCaptures({ dir, engine, limits }: CapturesOptions): Captures {
  const open = new Map<JobId, OpenCapture>();
  const listeners = new Set<(grown: OpenCapture) => void>();
  const runDir = ({ jobId, run }: Run) => join(dir, `${jobId}-${run}`);

  return {
    async open(identity, { isFollowed, log, signal }) {
      const { jobId, run, attempt, encryptTo } = identity;
      const file = await openCaptureFile(join(runDir({ jobId, run }), String(attempt)), limits);
      const capture = startCapture({
        engine,
        name: namesOf(identity).algorithm,
        file,
        limits,
        isFollowed,
        onGrown: () => listeners.forEach((tell) => tell(entry)),
        log,
        signal,
      });
      const entry: OpenCapture = { jobId, run, attempt, capture, isSealed: encryptTo !== undefined };
      open.set(jobId, entry);
      return {
        ...capture,
        async [Symbol.asyncDispose]() {
          if (open.get(jobId) === entry) open.delete(jobId);
          await capture[Symbol.asyncDispose]();
        },
      };
    },
    find: (jobId) => open.get(jobId),
    onGrown(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    remove: (run) => removeCapture(runDir(run)),
    async removeAllBut(runs) {
      const wanted = new Set(runs.map(runDir));
      const found = await namesIn(dir);
      const left = found.map((name) => join(dir, name)).filter((path) => !wanted.has(path));
      await Promise.all(left.map(removeCapture));
    },
  };
}
