/**
 * The plan of a job, what is to be done for it, PURE: all of it follows from what the store and the runners' announcements say. Each action is idempotent:
 * repeating it is harmless, and whatever gets lost is found missing at the next look.
 */

/** A command that went out less than this ago may still be on its way. */
export const GRACE_MS = 10_000;
/** A word to the runners is said again after so long, as long as they act as if they had not heard it. */
export const REPEAT_MS = 10_000;

export interface Observed {
  /** Unix milliseconds. */
  readonly now: number;
  /** What was sent or said up to then did not arrive, as far as anybody knows: the broker was wiped, or a runner began anew. */
  readonly lostBefore: number;
  /** Whether NATS takes messages. */
  readonly isBusUp: boolean;
  /** Undefined once it is deleted. */
  readonly job: ObservedJob | undefined;
  /** Whether it was deleted here: a tombstone keeps its id. */
  readonly isBuried: boolean;
  /** Its runs that live runners say they are at. */
  readonly announced: readonly number[];
  /** What runners are to hear of a run that has ended in this life of the gateway; undefined once it was said. */
  readonly endUntold: RunWord | undefined;
  /** What this life of the gateway has said of a run last, and when. */
  readonly said: ReadonlyMap<number, Said>;
}

export interface ObservedJob {
  readonly run: number;
  readonly want: 'run' | 'stopped' | 'deleted';
  readonly hasBegun: boolean;
  readonly hasEnded: boolean;
  /** When its start command went out last, by the store or, where that was later, by NATS; undefined if it waits in the queue. */
  readonly sentAt: number | undefined;
  /** NATS has not taken that command yet. */
  readonly isUnsent: boolean;
  /** Whether its environment has a live runner: commands for others would only pile up. */
  readonly isEnvironmentLive: boolean;
  /** A backup brought it along, and the runner that had it is not here. */
  readonly isLeftElsewhere: boolean;
}

export interface Said {
  readonly want: Word;
  /** Unix milliseconds. */
  readonly at: number;
}

/** What runners are told of a run. */
export type Word = 'stopped' | 'deleted' | 'ended';

export interface RunWord {
  readonly run: number;
  readonly want: Word;
}

export type Action =
  /** The start command goes to the runners of its environment. */
  | { readonly do: 'send' }
  /** It is not wanted any more, and nobody has begun it: it ends here. */
  | { readonly do: 'end' }
  /** Its runner hears what is wanted, or that the run is over. */
  | ({ readonly do: 'tell' } & RunWord)
  /** It has ended and its owner deleted it: results and rows go. */
  | { readonly do: 'delete' };

export function planJob(observed: Observed): readonly Action[] {
  const { job, isBusUp } = observed;
  const words = isBusUp ? wordsOf(observed).filter((word) => isDue(observed, word)) : [];
  const told = words.map((word): Action => ({ do: 'tell', ...word }));
  if (!job) return told;
  if (job.hasEnded) return job.want === 'deleted' ? [...told, { do: 'delete' }] : told;
  if (isEndedHere(job)) return [...told, { do: 'end' }];
  return isBusUp && isMissing(observed, job) ? [...told, { do: 'send' }] : told;
}

function wordsOf({ job, isBuried, announced, endUntold }: Observed): readonly RunWord[] {
  const isOver = (run: number) => (job ? run < job.run || (run === job.run && job.hasEnded) : isBuried);
  // Also where nobody announces it: who has only just got the command has not announced it yet.
  const ends = endUntold && isOver(endUntold.run) ? [endUntold] : [];
  const others = announced.filter((run) => isOver(run) && run !== endUntold?.run);
  const words = [...ends, ...others.map((run): RunWord => ({ run, want: job ? 'ended' : 'deleted' }))];
  if (!job || job.hasEnded || job.want === 'run' || isEndedHere(job)) return words;
  return [...words, { run: job.run, want: job.want }];
}

/** Nobody is there who could end it: no runner has begun it, or the one that has is not here. */
const isEndedHere = ({ want, hasBegun, isLeftElsewhere }: ObservedJob): boolean =>
  want !== 'run' && (!hasBegun || isLeftElsewhere);

function isDue({ said, now, lostBefore }: Observed, { run, want }: RunWord): boolean {
  const last = said.get(run);
  if (last?.want !== want) return true;
  // The clock may have been set back: what was said in the future is as old as anything.
  return isLost(last.at, { now, lostBefore }) || now - last.at >= REPEAT_MS || last.at > now;
}

/** Whether it was given a place, and no runner has it: its command is not taken yet, or got lost. */
function isMissing({ announced, now, lostBefore }: Observed, job: ObservedJob): boolean {
  const { sentAt, isUnsent, isEnvironmentLive, run } = job;
  if (sentAt === undefined || announced.includes(run)) return false;
  if (isUnsent) return true;
  return isEnvironmentLive && (isLost(sentAt, { now, lostBefore }) || now - sentAt >= GRACE_MS || sentAt > now);
}

/** A moment in the future is of a clock that was set back since, and says nothing. */
const isLost = (at: number, { now, lostBefore }: Pick<Observed, 'now' | 'lostBefore'>): boolean =>
  at <= lostBefore && lostBefore <= now;
