/** Mistakes that were made before, here or elsewhere, put back into the wiring: the simulation must find each of them. */
import {
  answersBeforeStored,
  answersByCopy,
  laggingStarts,
  lateCommits,
  openAfterEnd,
  tellsTheLast,
} from './gateway-bugs.ts';
import { GUIDES } from './guides.ts';
import { asksNobody, forgetsExited, readsOlderExit, underOldAttempt, waitsForNoLease } from './runner-bugs.ts';
import { SOUND, type Wiring } from './wiring.ts';

export const BUGS = {
  /** Answers, announces and acknowledges before the disk has it. */
  'ack before commit': { ...SOUND, database: lateCommits },
  /** Takes a container that has exited for one that was never there. */
  'second start after adoption': { ...SOUND, ports: forgetsExited },
  /** Takes events of a run that has ended. */
  'event after end': { ...SOUND, intakeStore: openAfterEnd },
  /** Forgets which nonces were used. */
  'lost nonce': { ...SOUND, store: (store) => ({ ...store, nonces: { ...store.nonces, use: () => undefined } }) },
  /** Tells subscribers only the last of what was committed within a short time. */
  'cursor gap': { ...SOUND, store: tellsTheLast },
  /** Starts what it was sent, and asks nobody. */
  'claim skipped': { ...SOUND, ownership: asksNobody, runners: 2 },
  /** Gives an attempt away twice, because it looks whose it is in a copy that lags behind. */
  'claim answered from a stale read': {
    ...SOUND,
    store: laggingStarts,
    intakeStore: answersByCopy,
    runners: 2,
    schedules: GUIDES['a start that nobody hears of'],
  },
  /** Tells a runner that an attempt is its own before the disk has it. */
  'ack before claim': {
    ...SOUND,
    intakeStore: answersBeforeStored,
    runners: 2,
    schedules: GUIDES['a gateway that dies over a claim'],
  },
  /** Goes on with what another runner has, without waiting until that one has ended it. */
  'taken over too early': { ...SOUND, ownership: waitsForNoLease, runners: 3 },
  /** Makes the container of a new attempt under the number of the one before. */
  'container started under an old attempt': { ...SOUND, ports: underOldAttempt },
  /** Goes on before the note of a start is on the disk. */
  'marks unsynced': { ...SOUND, syncsMarks: false, schedules: GUIDES['power lost after a start'] },
  /** Takes the exit of an earlier attempt for that of a later one. */
  'exit read from an older container': { ...SOUND, ports: readsOlderExit },
} as const satisfies Readonly<Record<string, Wiring>>;

export type Bug = keyof typeof BUGS;
