/** Mistakes that were made before, here or elsewhere, put back into the wiring: the simulation must find each of them. */
import type { Db } from '../../services/gateway/src/store/db.ts';
import type { Store } from '../../services/gateway/src/store/store.ts';
import { grant } from '../../services/runner/src/docker/ours.ts';
import type { StartOwnership } from '../../services/runner/src/worker/start-ownership.ts';
import type { Outside } from '../../services/runner/src/ports.ts';

type RunnerPorts = Pick<Outside, 'engine' | 'results' | 'marks'>;

/** What processes get in place of their ports. */
export interface Wiring {
  readonly database: (db: Db) => Db;
  readonly store: (store: Store) => Store;
  /** The one that takes events in. */
  readonly intakeStore: (store: Store) => Store;
  readonly outside: (outside: RunnerPorts) => RunnerPorts;
  readonly ownership: (ownership: StartOwnership) => StartOwnership;
  /** How many runners it takes for the mistake to show. */
  readonly runners: 1 | 2;
}

const same = <T>(port: T): T => port;

export const SOUND: Wiring = {
  database: same,
  store: same,
  intakeStore: same,
  outside: same,
  ownership: same,
  runners: 1,
};

const COMMIT_DELAY_MS = 50;

/** Whoever asked hears at once, and the disk a little later. */
function lateCommits(db: Db): Db {
  let isOpen = false;
  let isDue = false;
  const commit = db.prepare('commit');
  const begin = db.prepare('begin immediate');
  const done = { changes: 0, lastId: 0 };
  return {
    ...db,
    prepare(sql) {
      const statement = db.prepare(sql);
      if (sql === 'begin immediate') {
        const beginOnce = () => {
          if (!isOpen) begin.run();
          isOpen = true;
          return done;
        };
        return { ...statement, run: beginOnce };
      }
      if (sql !== 'commit') return statement;
      const commitLater = () => {
        if (isDue) return done;
        isDue = true;
        setTimeout(() => {
          isDue = false;
          isOpen = false;
          commit.run();
        }, COMMIT_DELAY_MS);
        return done;
      };
      return { ...statement, run: commitLater };
    },
  };
}

const TOGETHER_MS = 5;

export const BUGS = {
  /** Answers, announces and acknowledges before the disk has it. */
  'ack before commit': { ...SOUND, database: lateCommits },

  /** Takes a container that has exited for one that was never there. */
  'second start after adoption': {
    ...SOUND,
    outside: ({ engine, results, marks }) => ({
      engine: {
        ...engine,
        async find(labels, signal) {
          const { containers, volumes } = await engine.find(labels, signal);
          const states = await Promise.all(
            containers.map(async (container) => {
              const state = await engine.inspectContainer(container.name, signal).catch(() => undefined);
              return state?.kind === 'exited' ? undefined : container;
            }),
          );
          return { containers: states.filter((container) => container !== undefined), volumes };
        },
      },
      results,
      marks: { ...marks, read: () => Promise.resolve(0) },
    }),
  },

  /** Starts what it was sent, and asks nobody. */
  'claim skipped': {
    ...SOUND,
    ownership: (ownership) => ({
      ...ownership,
      claimStart: (claim) => Promise.resolve(grant(claim)),
    }),
    runners: 2,
  },

  /** Goes on with what another runner has, without waiting until that one has ended it. */
  'lease not awaited': {
    ...SOUND,
    ownership: (ownership) => ({
      ...ownership,
      async standing(command, signal) {
        const found = await ownership.standing(command, signal);
        return found.kind === 'theirs' ? { kind: 'ours', attemptsElsewhere: found.attempt } : found;
      },
    }),
    runners: 2,
  },

  /** Takes events of a run that has ended. */
  'event after end': {
    ...SOUND,
    intakeStore: (store) => ({
      ...store,
      jobs: {
        ...store.jobs,
        find(jobId) {
          const job = store.jobs.find(jobId);
          return job && job.dateFinished !== null ? { ...job, code: 1, attempt: 0 } : job;
        },
        advance(job, change) {
          const real = store.jobs.find(job.jobId);
          return real && store.jobs.advance(real, change);
        },
      },
    }),
  },

  /** Forgets which nonces were used. */
  'lost nonce': { ...SOUND, store: (store) => ({ ...store, nonces: { ...store.nonces, use: () => undefined } }) },

  /** Tells subscribers only the last of what was committed within a short time. */
  'cursor gap': {
    ...SOUND,
    store: (store) => ({
      ...store,
      onCommitted(listener) {
        let last: Parameters<typeof listener>[0] = [];
        return store.onCommitted((events) => {
          if (last.length === 0) {
            setTimeout(() => {
              const told = last;
              last = [];
              listener(told);
            }, TOGETHER_MS);
          }
          last = events;
        });
      },
    }),
  },
} as const satisfies Readonly<Record<string, Wiring>>;

export type Bug = keyof typeof BUGS;
