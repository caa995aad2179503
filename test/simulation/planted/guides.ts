/**
 * What must coincide for a mistake to show that only several failures at once bring to light. What is not fixed is drawn: a search finds
 * the moment, and makes it small.
 */
import fc from 'fast-check';
import { scheduled, type Action, type Schedule, type Timed } from '../actions.ts';

const timed = (afterMs: fc.Arbitrary<number>, action: Action | fc.Arbitrary<Action>): fc.Arbitrary<Timed> =>
  fc.record({ afterMs, action: 'kind' in action ? fc.constant(action) : action });
const between = (min: number, max: number) => fc.integer({ min, max });

const ORDERED = timed(fc.constant(0), { kind: 'order', who: 0 });
/** Who does not speak for so long is not there for the gateway: it sends the command to whoever is. */
const NOT_THERE_MS = 60_000;
const untilSentAgain = timed(fc.constant(NOT_THERE_MS), { kind: 'listen', who: 1 });
const forgetful = timed(between(500, 2_000), { kind: 'drop NATS', loss: 'everything', tailMs: 0, ms: 300 });

/** A runner starts an attempt that nobody but its disk knows of, its machine loses its power, and the engine the container. */
const POWER_LOST = scheduled(
  1,
  fc.tuple(
    ORDERED,
    timed(between(10, 120), { kind: 'cut off', member: 'runner 1', ms: 5_000 }),
    timed(between(0, 600), { kind: 'cut the power', runner: 'runner 1', points: 0, downMs: 2_000 }),
    timed(fc.constant(500), { kind: 'lose a container', runner: 'runner 1' }),
  ),
);

/** A runner starts an attempt, of which the gateway hears the claim and no more, and is not heard again; the broker forgets all of it. */
const UNHEARD_AND_FORGOTTEN = scheduled(
  2,
  fc.tuple(
    ORDERED,
    timed(between(20, 1_000), { kind: 'cut off', member: 'gateway', ms: 4_000 }),
    timed(between(100, 1_000), { kind: 'cut off', member: 'runner 1', ms: NOT_THERE_MS }),
    forgetful,
    untilSentAgain,
  ),
);

/** The same, and the gateway dies over the answer to the claim. */
const ANSWERED_AND_FORGOTTEN = scheduled(
  2,
  fc.tuple(
    ORDERED,
    timed(
      between(0, 60),
      between(0, 40).map((points): Action => ({ kind: 'crash', member: 'gateway', points, downMs: 2_000 })),
    ),
    timed(between(100, 1_000), { kind: 'cut off', member: 'runner 1', ms: NOT_THERE_MS }),
    forgetful,
    untilSentAgain,
  ),
);

export const GUIDES = {
  'power lost after a start': POWER_LOST,
  'a start that nobody hears of': UNHEARD_AND_FORGOTTEN,
  'a gateway that dies over a claim': ANSWERED_AND_FORGOTTEN,
} as const satisfies Readonly<Record<string, fc.Arbitrary<Schedule>>>;
