/** What always holds, PURE: the eight rules of a node, checked on what was seen of it. Empty if they held. */
import { createHash } from 'node:crypto';
import { isEnding, statusRow } from '@capstan/shared/contract/status';
import type { Observed, ObservedEvent, ObservedStart, Violation } from './observed.ts';
import { checkSubscriptions } from './subscriptions.ts';

type Check = (observed: Observed) => readonly string[];

const CHECKS: Readonly<Record<Violation['rule'], Check>> = {
  1: acknowledgedJobsEnd,
  2: (observed) => [...algorithmsStartOnce(observed), ...spoiltRunsComplete(observed), ...exitsAreTheirs(observed)],
  3: jobsMoveAlongTheTable,
  4: checkSubscriptions,
  5: ({ leftovers }) => leftovers.map((name) => `${name} is left behind`),
  6: reservationsFit,
  7: resultsAreWhole,
  8: noncesTakeEffectOnce,
};

export function audit(observed: Observed): readonly Violation[] {
  return Object.entries(CHECKS).flatMap(([rule, check]) =>
    check(observed).map((text): Violation => ({ rule: Number(rule) as Violation['rule'], text })),
  );
}

function acknowledgedJobsEnd({ acknowledged, jobs, tombstones }: Observed): readonly string[] {
  const byId = new Map(jobs.map((job) => [job.jobId, job]));
  const deleted = new Set(tombstones);
  return acknowledged.flatMap(({ jobId, run, isStopAsked, isDeleteAsked }) => {
    const job = byId.get(jobId);
    if (!job && !deleted.has(jobId)) return [`job ${jobId} was acknowledged and is gone`];
    if (!job) return isDeleteAsked ? [] : [`job ${jobId} was deleted, which nobody asked for`];
    if (job.run < run) return [`run ${run} of job ${jobId} was acknowledged, and the job is at run ${job.run}`];
    if (!isEnding(job.code)) return [`job ${jobId} run ${job.run} never ends: it is at ${job.code}`];
    if (job.want === 'deleted') return [`job ${jobId} is to be deleted, and never is`];
    if (job.code === 7 && !isStopAsked && !isDeleteAsked) return [`job ${jobId} was stopped, which nobody asked for`];
    return [];
  });
}

const keyOf = ({ jobId, run, attempt }: ObservedStart) => `${jobId}.${run}.${attempt}`;

/** A job that the engine's own end has cut short is not complete, whatever number it ended with. */
function spoiltRunsComplete({ spoilt = [], published }: Observed): readonly string[] {
  const wasSpoilt = new Set(spoilt.map(keyOf));
  return published
    .filter(({ manifest }) => manifest.code === 70 && wasSpoilt.has(keyOf({ ...manifest, machine: '' })))
    .map(({ jobId, run }) => `job ${jobId} run ${run} is told as completed, and the engine fell while it ran`);
}

/** What is told of how an attempt exited is how it did, and no other one. */
function exitsAreTheirs({ exits, published }: Observed): readonly string[] {
  if (!exits) return [];
  const codes = Map.groupBy(exits, keyOf);
  return published.flatMap(({ jobId, run, manifest: { attempt, code, termination } }) => {
    const told = code === 70 ? 0 : termination?.exitCode;
    if (told === undefined || told === null) return [];
    const real = (codes.get(keyOf({ jobId, run, attempt, machine: '' })) ?? []).map(({ exitCode }) => exitCode);
    if (real.includes(told)) return [];
    return [
      `${jobId}.${run}.${attempt} is told to have exited with ${told}, and exited with ${real.join(', ') || 'nothing'}`,
    ];
  });
}

function algorithmsStartOnce({ starts, lost, goneMachines, isShared, overlaps }: Observed): readonly string[] {
  const wasLost = new Set(lost.map(keyOf));
  const gone = new Set(goneMachines);
  const known = Map.groupBy(
    starts.filter(({ machine, isOfDeleted }) => !gone.has(machine) && !isOfDeleted),
    keyOf,
  );
  const forgotten = Map.groupBy(
    starts.filter(({ machine }) => gone.has(machine)),
    (start) => `${keyOf(start)} on ${start.machine}`,
  );
  const startedTwice = [...known, ...forgotten].flatMap(([key, same]) => {
    const [first] = same;
    const problems = same.length > 1 ? [`the algorithm of ${key} was started ${same.length} times`] : [];
    if (!isShared && first && first.attempt > 1 && !wasLost.has(keyOf({ ...first, attempt: first.attempt - 1 })))
      problems.push(`${key} was started, though the engine did not lose the attempt before it`);
    return problems;
  });
  return [...startedTwice, ...overlaps];
}

function jobsMoveAlongTheTable({ events }: Observed): readonly string[] {
  const byRun = Map.groupBy(events, ({ jobId, run }) => `${jobId}.${run}`);
  const within = [...byRun.entries()].flatMap(([key, ofRun]) => movesOf(key, ofRun));
  const byJob = Map.groupBy(events, ({ jobId }) => jobId);
  const across = [...byJob.entries()].flatMap(([jobId, ofJob]) =>
    ofJob.some(({ run }, index) => run < (ofJob[index - 1]?.run ?? 0))
      ? [`job ${jobId} went back to an older run`]
      : [],
  );
  return [...within, ...across];
}

function movesOf(key: string, events: readonly ObservedEvent[]): readonly string[] {
  const problems: string[] = [];
  const shown = events.map(({ attempt, code }) => `${attempt}:${code}`).join(' ');
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    if (!before) continue;
    // What has ended may still be deleted; that is all.
    const isDeletion = event.code === 8 && index === events.length - 1 && before.code !== 8;
    if (isEnding(before.code) && !isDeletion) problems.push(`${key} moved on after its end: ${shown}`);
    // An ending is the run's, whichever attempt tells it.
    else if (event.attempt < before.attempt && !isEnding(event.code))
      problems.push(`${key} went back to an older attempt: ${shown}`);
    else if (event.attempt === before.attempt && !isEnding(before.code)) {
      const isForward = statusRow(event.code).rank > statusRow(before.code).rank;
      if (!isForward) problems.push(`${key} did not move along the table: ${shown}`);
    }
  }
  return problems;
}

function reservationsFit({ peaks }: Observed): readonly string[] {
  return peaks
    .filter(({ running, limit }) => running > limit)
    .map(
      ({ environment, running, limit }) => `${running} jobs ran at once in ${environment}, which has room for ${limit}`,
    );
}

function resultsAreWhole({ jobs, published }: Observed): readonly string[] {
  const byRun = new Map(published.map((one) => [`${one.jobId}.${one.run}`, one]));
  const served = published.flatMap(({ jobId, run, manifest, served: hashes }) =>
    manifest.files
      .filter(({ sha256 }, index) => hashes[index] !== sha256)
      .map(({ filename }) => `${filename} of ${jobId} run ${run} is served other than its manifest says`),
  );
  const listed = jobs.flatMap(({ jobId, run, results, code }) => {
    const found = byRun.get(`${jobId}.${run}`);
    if (results.length > 0 && !found) return [`job ${jobId} run ${run} lists results that are not there`];
    // A run that was stopped before the gateway heard of its beginning lists none, whatever came of it.
    if (!found || results.length === 0) return [];
    if (found.manifest.code !== code)
      return [`job ${jobId} run ${run} ended with ${code}, its manifest says ${found.manifest.code}`];
    if (found.manifest.files.length !== results.length)
      return [`job ${jobId} run ${run} lists ${results.length} results of ${found.manifest.files.length}`];
    return [];
  });
  return [...served, ...listed];
}

function noncesTakeEffectOnce({ effects }: Observed): readonly string[] {
  const byNonce = Map.groupBy(effects, ({ owner, nonce }) => `${nonce} of ${owner}`);
  return [...byNonce.entries()].flatMap(([key, all]) => {
    const distinct = [...new Set(all.map(({ effect }) => effect))];
    return distinct.length > 1 ? [`nonce ${key} took effect ${distinct.length} times: ${distinct.join('; ')}`] : [];
  });
}

export const sha256Of = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
