/** What may happen in a schedule, as fast-check draws it: what consumers do, what befalls the node, and how long apart. */
import fc from 'fast-check';
import type { Address } from '@capstan/shared/contract/ids';
import type { Answers } from './engine/carry.ts';
import { RUNNER_MEMBERS, type Member, type RunnerMember, type Runners } from './parts/members.ts';

export type Action =
  | { readonly kind: 'order' | 'listen' | 'hang up'; readonly who: number }
  | { readonly kind: 'restart' | 'stop' | 'delete' | 'replay'; readonly who: number; readonly pick: number }
  | { readonly kind: 'crash'; readonly member: Member; readonly points: number; readonly downMs: number }
  | { readonly kind: 'terminate' | 'cut off'; readonly member: Member; readonly ms: number }
  | {
      readonly kind: 'drop NATS';
      readonly loss: 'nothing' | 'tail' | 'everything';
      readonly tailMs: number;
      readonly ms: number;
    }
  | {
      readonly kind: 'trouble the engine';
      readonly runner: RunnerMember;
      readonly how: 'hang' | 'fall';
      readonly ms: number;
    }
  | {
      readonly kind: 'spoil answers';
      readonly runner: RunnerMember;
      readonly how: keyof Answers;
      readonly percent: number;
      readonly ms: number;
    }
  | { readonly kind: 'cut the power'; readonly runner: RunnerMember; readonly points: number; readonly downMs: number }
  | { readonly kind: 'lose a container'; readonly runner: RunnerMember }
  | { readonly kind: 'wipe the runner'; readonly runner: RunnerMember; readonly ms: number }
  | { readonly kind: 'trouble'; readonly percent: number; readonly ms: number };

export interface Timed {
  /** After the action before it. */
  readonly afterMs: number;
  readonly action: Action;
}

export interface Schedule {
  /** Decides every delay and every choice that the actions leave open. */
  readonly chance: number;
  /** How many share the environment. */
  readonly runners: Runners;
  readonly actions: readonly Timed[];
}

export const OWNERS: readonly Address[] = ['1', '2', '3'].map((digit) => `0x${digit.repeat(40)}` as Address);

const who = fc.integer({ min: 0, max: OWNERS.length - 1 });
const pick = fc.integer({ min: 0, max: 5 });
/** Often short, now and then longer than what the parts wait for. */
const ms = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3_000 }) },
  fc.integer({ min: 3_000, max: 40_000 }),
);

const anActionOn = (runner: fc.Arbitrary<RunnerMember>, member: fc.Arbitrary<Member>): fc.Arbitrary<Action> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('order' as const), who }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('listen' as const, 'hang up' as const), who }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom('restart' as const, 'stop' as const, 'delete' as const),
        who,
        pick,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('replay' as const), who, pick }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('crash' as const),
        member,
        points: fc.integer({ min: 0, max: 60 }),
        downMs: ms,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('terminate' as const, 'cut off' as const), member, ms }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('drop NATS' as const),
        loss: fc.constantFrom('nothing' as const, 'tail' as const, 'everything' as const),
        tailMs: fc.integer({ min: 0, max: 5_000 }),
        ms,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('trouble the engine' as const),
        runner,
        how: fc.constantFrom('hang' as const, 'fall' as const),
        ms,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('spoil answers' as const),
        runner,
        how: fc.constantFrom('lost' as const, 'late' as const, 'unknown' as const),
        percent: fc.integer({ min: 5, max: 60 }),
        ms,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('cut the power' as const),
        runner,
        points: fc.integer({ min: 0, max: 60 }),
        downMs: ms,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose a container' as const), runner }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wipe the runner' as const), runner, ms }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('trouble' as const), percent: fc.integer({ min: 1, max: 30 }), ms }),
    },
  );

/** Many things at once, or one after the other. */
const afterMs = fc.oneof(
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 20 }) },
  fc.integer({ min: 20, max: 4_000 }),
);

export function schedulesWith(runners: Runners): fc.Arbitrary<Schedule> {
  const runner = fc.constantFrom(...RUNNER_MEMBERS.slice(0, runners));
  const action = anActionOn(runner, fc.oneof(fc.constant<Member>('gateway'), runner));
  const actions = fc
    .array(fc.record({ afterMs, action }), { minLength: 1, maxLength: 14, size: 'max' })
    // Nothing is to be seen where nobody ordered anything.
    .map((drawn): readonly Timed[] => [{ afterMs: 0, action: { kind: 'order', who: 0 } }, ...drawn]);
  return scheduled(runners, actions);
}

/** These actions, with the chance of everything that they leave open. */
export const scheduled = (runners: Runners, actions: fc.Arbitrary<readonly Timed[]>): fc.Arbitrary<Schedule> =>
  fc.record({ runners: fc.constant(runners), chance: fc.noShrink(fc.integer({ min: 0, max: 2 ** 31 - 1 })), actions });
