/** The search: schedules from a seed until one breaks a rule, which is then made as small as it still breaks it. */
import fc from 'fast-check';
import type { Violation } from '../support/audit/observed.ts';
import { schedulesWith, type Schedule } from './actions.ts';
import type { Runners } from './parts/members.ts';
import type { Wiring } from './planted/wiring.ts';
import { createDatabases } from './parts/databases.ts';
import { simulate } from './simulate.ts';

export interface Search {
  readonly seed: number;
  readonly schedules: number;
  readonly runners: Runners;
  /** Of these rules; all, if absent. */
  readonly rules?: readonly Violation['rule'][];
  /** To come to one schedule directly, as fast-check names it. */
  readonly path?: string | undefined;
  readonly wiring: Wiring;
  /** How long it is made smaller. */
  readonly shrinkLimitMs?: number;
  /** Called after each one. */
  readonly onSchedule?: (simulated: { readonly jobs: number; readonly simulatedMs: number }) => void;
}

export interface Found {
  /** Where to come to it again. */
  readonly seed: number;
  readonly path: string;
  readonly schedule: Schedule;
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
}

const SHRINK_LIMIT_MS = 60_000;

/** Undefined if no rule was broken. */
export async function search({
  seed,
  schedules: count,
  runners,
  rules,
  path,
  wiring,
  shrinkLimitMs = SHRINK_LIMIT_MS,
  onSchedule,
}: Search): Promise<Found | undefined> {
  const databases = createDatabases();
  let shrinkUntil = Number.POSITIVE_INFINITY;
  const holds = fc.asyncProperty(wiring.schedules ?? schedulesWith(runners), async (schedule) => {
    // A smaller one that was not tried counts as one that holds.
    if (performance.now() > shrinkUntil) return;
    const { violations, jobs, simulatedMs } = await simulate(schedule, { wiring, databases });
    onSchedule?.({ jobs, simulatedMs });
    if (violations.every(({ rule }) => rules && !rules.includes(rule))) return;
    shrinkUntil = Math.min(shrinkUntil, performance.now() + shrinkLimitMs);
    throw new BrokenRules(violations);
  });
  const result = await fc.check(holds, { seed, numRuns: count, ...(path === undefined ? {} : { path }) });
  if (!result.failed) return undefined;
  const [schedule] = result.counterexample ?? [];
  if (!schedule || !(result.errorInstance instanceof BrokenRules)) throw result.errorInstance;
  const { violations, trace } = await simulate(schedule, { wiring, databases, isLogged: true });
  return { seed: result.seed, path: result.counterexamplePath ?? '', schedule, violations, trace };
}

class BrokenRules extends Error {
  constructor(violations: readonly Violation[]) {
    super(violations.map(({ rule, text }) => `rule ${rule}: ${text}`).join('\n'));
  }
}

/** For a person: what was done, what came of it, and how to see it again. */
export function report({ seed, path, schedule, violations, trace }: Found, bug: string | undefined): string {
  const actions = schedule.actions.map(({ afterMs, action }) => `  after ${afterMs} ms: ${JSON.stringify(action)}`);
  const broken = violations.map(({ rule, text }) => `  rule ${rule}: ${text}`);
  const runners = schedule.runners === 1 ? '' : ` --runners ${schedule.runners}`;
  const flags = bug === undefined ? runners : `${runners} --bug '${bug}'`;
  return [
    'What happened, in simulated milliseconds:',
    ...trace,
    '',
    'What was done:',
    ...actions,
    '',
    'Broken:',
    ...broken,
    '',
    `Again: npm run simulate -- --seed ${seed} --path ${path}${flags}`,
  ].join('\n');
}
