/**
 * What to do about a run, PURE: what is wanted compared with what exists. You never know when the runner dies, so every way into a
 * run comes through here, the first as well as the one after a restart, and asking twice gives the same answer.
 */
import type { Manifest } from '@capstan/shared/results/manifest';
import type { ContainerState, StartedState, Untold } from '../docker/ports/containers.ts';
import type { Terms } from '../docker/names.ts';
import type { Want } from './control.ts';

export interface Known {
  readonly want: Want;
  /** The run has ended and its results are published. */
  readonly manifest: Manifest | undefined;
  /** What the engine has of it. */
  readonly attempts: readonly {
    readonly attempt: number;
    readonly algorithm: ContainerState | Untold | undefined;
    readonly terms: Terms;
  }[];
  /** The last attempt whose start was tried, as the runner noted before it did or the gateway heard; 0 if none was. */
  readonly lastStart: number;
}

export type Plan =
  /** The gateway has its ending, or somebody else goes on with it: remove what is left, say nothing. */
  | { readonly kind: 'clean'; readonly keepsMark: boolean }
  /** Remove everything, results too, and end as deleted. */
  | { readonly kind: 'remove'; readonly attempt: number }
  /** It ended before, and perhaps nobody heard: tell the ending again. */
  | { readonly kind: 'tell'; readonly manifest: Manifest }
  /** Its algorithm was started: wait for it, or for nothing if it has exited, and publish. Never start it again. */
  | {
      readonly kind: 'adopt';
      readonly attempt: number;
      readonly algorithm: StartedState;
      readonly terms: Terms;
    }
  /** All is in place, and its start may be on its way: by a call of an earlier life that the engine still holds. Make sure that it starts. */
  | { readonly kind: 'resume'; readonly attempt: number; readonly terms: Terms }
  /** The engine does not tell how its container is: it may run, and nothing is begun beside it. */
  | { readonly kind: 'untold'; readonly attempt: number; readonly isStopped: boolean }
  /** Not started yet, and not wanted any more. */
  | { readonly kind: 'stop'; readonly attempt: number }
  /** `made`: what a container of it that is there already was made under. */
  | { readonly kind: 'start'; readonly attempt: number; readonly made?: Terms }
  /** The engine lost it too often. */
  | { readonly kind: 'give-up'; readonly attempt: number };

export const MAX_ATTEMPTS = 3;

/** Instead of a plan, where planning killed the runner again and again. */
export interface Abandoned {
  readonly kind: 'abandon';
  readonly attempt: number;
}

export function planRun({ want, manifest, attempts, lastStart }: Known): Plan {
  if (want === 'ended') return { kind: 'clean', keepsMark: false };
  // The attempt is used up, and nobody but this runner may know.
  if (want === 'lapsed') return { kind: 'clean', keepsMark: true };
  const latest = Math.max(1, lastStart, ...attempts.map(({ attempt }) => attempt));
  if (want === 'deleted') return { kind: 'remove', attempt: latest };
  if (manifest) return { kind: 'tell', manifest };
  const latestFirst = attempts.toSorted((one, other) => other.attempt - one.attempt);
  const untold = latestFirst.find(({ algorithm }) => algorithm?.kind === 'untold');
  const started = latestFirst.find(isStarted);
  if (untold && untold.attempt >= (started?.attempt ?? 0))
    return { kind: 'untold', attempt: untold.attempt, isStopped: want === 'stopped' };
  if (started) return { kind: 'adopt', ...started };
  const noted = attempts.filter(({ attempt, algorithm }) => attempt === lastStart && algorithm !== undefined);
  // One that an earlier release was at may lie beside it, under names of its own: it was begun again since.
  const marked = noted.find(({ terms }) => terms.node !== undefined) ?? noted[0];
  const next = marked ? lastStart : lastStart + 1;
  if (want === 'stopped') return { kind: 'stop', attempt: Math.min(next, MAX_ATTEMPTS) };
  if (marked) return { kind: 'resume', attempt: next, terms: marked.terms };
  if (next > MAX_ATTEMPTS) return { kind: 'give-up', attempt: MAX_ATTEMPTS };
  const made = attempts.find(({ attempt, algorithm }) => attempt === next && algorithm !== undefined)?.terms;
  return { kind: 'start', attempt: next, ...(made && { made }) };
}

type Attempt = Known['attempts'][number];
type StartedAttempt = Attempt & { readonly algorithm: StartedState };

function isStarted(attempt: Attempt): attempt is StartedAttempt {
  return attempt.algorithm?.kind === 'running' || attempt.algorithm?.kind === 'exited';
}
