/** A start whose answer was lost is made again only by whoever may still start: between two calls an engine may be away for hours. */
import { systemClock } from '@capstan/shared/runtime/clock';
import { expect } from 'chai';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import { createLog } from '@capstan/shared/runtime/log';
import type { ContainerState } from '../../../../services/runner/src/docker/ports/containers.ts';
import type { Engine } from '../../../../services/runner/src/docker/engine.ts';
import { createControl, type Want } from '../../../../services/runner/src/pipeline/control.ts';
import type { Marked } from '../../../../services/runner/src/pipeline/steps/mark.ts';
import { start, startIfNotStarted } from '../../../../services/runner/src/pipeline/steps/start.ts';

const log = createLog('test', 'silent');
const { signal } = new AbortController();
const away = () => new CapstanError('ENGINE_UNAVAILABLE', 'The container engine does not answer.');
const full = () => new CapstanError('ENGINE_FULL', 'The container engine has no room.');
const created: ContainerState = { kind: 'created' };
const running: ContainerState = { kind: 'running', startedAt: 1 };

const identity = {
  node: 'node',
  runnerId: 'runner',
  environment: 'environment' as EnvironmentId,
  jobId: 'ab'.repeat(16) as JobId,
  run: 1,
  attempt: 1,
};

interface Scene {
  /** What the first call fails with. */
  readonly first?: () => Error;
  /** What happens right after it. */
  readonly meanwhile?: (scene: { readonly lapse: () => void; readonly want: (want: Want) => void }) => void;
  readonly found?: ContainerState;
}

/** A context with an engine that keeps the first start's answer to itself. */
function aStart({ first = away, meanwhile = () => undefined, found = created }: Scene) {
  const control = createControl();
  let holdsLease = true;
  let starts = 0;
  const after = {
    lapse: () => (holdsLease = false),
    want: (want: Want) => void control.set(want),
  };
  const engine = {
    about: () => Promise.resolve({ version: '1', os: 'linux', architecture: 'amd64', rootDir: '/' }),
    inspectContainer: () => Promise.resolve(found),
    startContainer() {
      starts += 1;
      if (starts > 1) return Promise.resolve();
      meanwhile(after);
      return Promise.reject(first());
    },
  } as unknown as Engine;
  const ownership = {
    mayStart() {
      if (!holdsLease) control.set('lapsed');
      return holdsLease;
    },
  };
  const room = {
    async waitFor(work: () => Promise<unknown>) {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if ((error as CapstanError).code !== 'ENGINE_FULL') throw error;
        }
      }
    },
  };
  const parts = { ownership, room, clock: systemClock };
  const context = { attempt: { engine, identity, log }, parts, control, ours: {}, signal } as unknown as Marked;
  return { context, control, after, starts: () => starts };
}

const endOf = (work: Promise<unknown>) =>
  work.then(
    () => 'started',
    (error: unknown) => error,
  );

describe('a start whose answer was lost', () => {
  it('is made again while the attempt is still this runner’s', async () => {
    const { context, starts } = aStart({});
    expect(await endOf(start.run(context, signal))).to.equal('started');
    expect(starts()).to.equal(2);
  });

  it('is not made again where it is seen to have been done', async () => {
    const { context, starts } = aStart({ found: running });
    expect(await endOf(start.run(context, signal))).to.equal('started');
    expect(starts()).to.equal(1);
  });

  it('is not made again once the lease has run out: another runner may be at it', async () => {
    const { context, control, starts } = aStart({ meanwhile: ({ lapse }) => lapse() });
    expect(await endOf(start.run(context, signal))).to.equal(control.halted.reason);
    expect([starts(), control.want()]).to.deep.equal([1, 'lapsed']);
  });

  it('is not made again for a job that is stopped or deleted meanwhile', async () => {
    for (const wanted of ['stopped', 'deleted', 'ended'] as const) {
      const { context, control, starts } = aStart({ meanwhile: ({ want }) => want(wanted) });
      expect(await endOf(start.run(context, signal))).to.equal(control.halted.reason);
      expect(starts()).to.equal(1);
    }
  });

  it('nor after a wait for room that the lease did not outlast', async () => {
    const { context, control, starts } = aStart({ first: full, meanwhile: ({ lapse }) => lapse() });
    expect(await endOf(start.run(context, signal))).to.equal(control.halted.reason);
    expect(starts()).to.equal(1);
  });

  it('of an earlier life of the runner, too, is made only by whoever may', async () => {
    const lapsed = aStart({});
    lapsed.after.lapse();
    expect(await endOf(startIfNotStarted.run(lapsed.context, signal))).to.equal(lapsed.control.halted.reason);
    const stopped = aStart({});
    stopped.after.want('stopped');
    expect(await endOf(startIfNotStarted.run(stopped.context, signal))).to.equal(stopped.control.halted.reason);
    expect([lapsed.starts(), stopped.starts()]).to.deep.equal([0, 0]);
  });
});
