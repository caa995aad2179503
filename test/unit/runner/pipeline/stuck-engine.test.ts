/** An engine that answers, and is stuck with one container: nobody waits for that without end, and nothing of it is taken for done. */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { systemClock } from '@capstan/shared/runtime/clock';
import { expect } from 'chai';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import { createLog } from '@capstan/shared/runtime/log';
import type { ContainerState } from '../../../../services/runner/src/docker/ports/containers.ts';
import type { Engine } from '../../../../services/runner/src/docker/engine.ts';
import { labelsOf, namesOf } from '../../../../services/runner/src/docker/names.ts';
import { findAttempts } from '../../../../services/runner/src/docker/reconcile.ts';
import { holdsSizes } from '../../../../services/runner/src/docker/volume-sizes.ts';
import { unlessStalled } from '../../../../services/runner/src/docker/stalled.ts';
import { whileAnswering } from '../../../../services/runner/src/docker/answering.ts';
import type { Attempt } from '../../../../services/runner/src/pipeline/attempt.ts';
import type { StartMarks } from '../../../../services/runner/src/pipeline/start-marks.ts';
import { readExit } from '../../../../services/runner/src/pipeline/steps/exit.ts';
import { missedExit } from '../../../../services/runner/src/pipeline/steps/missed-exit.ts';
import { clearAway } from '../../../../services/runner/src/pipeline/steps/clean.ts';
import { startAgain } from '../../../../services/runner/src/pipeline/steps/again.ts';
import { startOnce } from '../../../../services/runner/src/pipeline/steps/start.ts';
import { awaitEnd } from '../../../../services/runner/src/pipeline/steps/wait.ts';

const log = createLog('test', 'silent');
const { signal } = new AbortController();
const SHORT_MS = 20;
const away = () => new CapstanError('ENGINE_UNAVAILABLE', 'The container engine does not answer.');
const about = () => Promise.resolve({ version: '1', os: 'linux', architecture: 'amd64', rootDir: '/' });
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error as CapstanError).code,
  );

const identity = {
  node: 'node',
  runnerId: 'runner',
  environment: 'environment' as EnvironmentId,
  jobId: 'ab'.repeat(16) as JobId,
  run: 1,
  attempt: 1,
};
const engineOf = (parts: Partial<Engine>) => ({ about, ...parts }) as Engine;
const requireRight = () => undefined;
const never = <T>() => new Promise<T>(() => undefined);

describe('the start of a container', () => {
  it('that the engine does not answer, though it answers all else, is given up as unknown, and not made again', async () => {
    const calls: AbortSignal[] = [];
    const engine = engineOf({
      startContainer: (_name, within) => {
        calls.push(within);
        return new Promise(() => undefined);
      },
    });
    expect(await codeOf(startOnce(engine, 'one', { requireRight, withinMs: SHORT_MS, signal, log }))).to.equal(
      'START_UNKNOWN',
    );
    expect(calls.map(({ aborted }) => aborted)).to.deep.equal([true]);
  });

  it('is unknown, too, where the connection broke and the engine says nothing of the container since', async () => {
    const engine = engineOf({
      startContainer: () => Promise.reject(away()),
      inspectContainer: () => Promise.reject(away()),
    });
    expect(await codeOf(startOnce(engine, 'one', { requireRight, withinMs: SHORT_MS, signal, log }))).to.equal(
      'START_UNKNOWN',
    );
  });

  it('is waited for as long as the engine answers nothing at all', async () => {
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    let looks = 0;
    const engine = engineOf({
      startContainer: () => started,
      about() {
        // The engine is back, and has done it.
        if (++looks === 5) start();
        return Promise.reject(away());
      },
    });
    expect(await codeOf(startOnce(engine, 'one', { requireRight, withinMs: SHORT_MS, signal, log }))).to.equal('done');
    expect(looks).to.equal(5);
  });
});

describe('what an engine does not clear away, though it answers', () => {
  it('is noted for the reaper after a time, as of a run that is over; nobody asks how its container is, and nobody says that it is gone', async () => {
    const noted: unknown[] = [];
    const told: unknown[] = [];
    const engine = {
      about,
      find: () =>
        Promise.resolve({ containers: [{ name: 'one', labels: labelsOf(identity, 'algorithm') }], volumes: [] }),
      inspectContainer: (): Promise<ContainerState> => Promise.reject(away()),
      removeContainer: () => new Promise<void>(() => undefined),
    };
    const uncleared = {
      note: (run: unknown, { isOver }: { isOver: boolean }) => Promise.resolve(void noted.push([run, isOver])),
      forget: () => Promise.resolve(),
      isOver: () => Promise.resolve(false),
      over: () => Promise.resolve([]),
      count: () => 0,
    };
    const run = { jobId: identity.jobId, run: 1 };
    await clearAway(
      {
        engine: engine as unknown as Engine,
        owner: { node: 'node', unmarked: [] },
        uncleared,
        onCleared: (one) => void told.push(one),
      },
      run,
      { isOver: true, withinMs: SHORT_MS, signal, log },
    );
    expect(noted).to.deep.equal([[run, true]]);
    expect(told).to.deep.equal([]);
  });

  it('lets no other attempt begin beside it: the run ends, and says so', async () => {
    const find = () => Promise.resolve({ containers: [], volumes: [] });
    const engine = { about, find, removeContainer: () => new Promise<void>(() => undefined) } as unknown as Engine;
    const marks = { read: () => Promise.resolve(1) } as unknown as StartMarks;
    const attempt = { engine, identity, log } as unknown as Attempt;
    expect(await codeOf(startAgain(attempt, marks, signal, SHORT_MS))).to.equal('START_UNKNOWN');
  });
});

describe('an engine that answers, and says nothing of one container,', () => {
  const second = { ...identity, jobId: 'cd'.repeat(16) as JobId };
  const running: ContainerState = { kind: 'running', startedAt: 1 };

  it('is asked for the others all the same, and that one is neither running nor gone', async () => {
    const [stuck, other] = [identity, second].map((one) => namesOf(one).algorithm);
    const containers = [identity, second].map((one) => ({
      name: namesOf(one).algorithm,
      labels: labelsOf(one, 'algorithm'),
    }));
    const engine = engineOf({
      find: () => Promise.resolve({ containers, volumes: [] }),
      inspectContainer: (name) => (name === stuck ? never() : Promise.resolve(running)),
    });
    const found = await findAttempts(engine, { node: 'node', unmarked: [] }, { withinMs: SHORT_MS, signal, log });
    expect(Object.fromEntries(found.map((one) => [namesOf(one.identity).algorithm, one.algorithm]))).to.deep.equal({
      [String(stuck)]: { kind: 'untold' },
      [String(other)]: running,
    });
  });

  it('is waited for while it answers nothing', async () => {
    const stopping = new AbortController();
    let looks = 0;
    const engine = engineOf({
      find: () =>
        Promise.resolve({
          containers: [{ name: namesOf(identity).algorithm, labels: labelsOf(identity, 'algorithm') }],
          volumes: [],
        }),
      inspectContainer: () => never(),
      about() {
        if (++looks === 5) stopping.abort(new Error('long enough'));
        return Promise.reject(away());
      },
    });
    const look = { withinMs: SHORT_MS, signal: stopping.signal, log };
    const found = findAttempts(engine, { node: 'node', unmarked: [] }, look);
    expect(await found.catch(messageOf)).to.equal('long enough');
  });

  it('nor of the volume by which it is tried whether it holds them to a size, keeps no runner from beginning', async () => {
    const asked: AbortSignal[] = [];
    const engine = engineOf({
      holdsVolumeSizes(_labels, limited) {
        asked.push(limited);
        return never();
      },
    });
    expect(await holdsSizes(engine, {}, { withinMs: SHORT_MS, signal, log })).to.equal(false);
    expect(asked.map(({ aborted }) => aborted)).to.deep.equal([true]);
  });

  it('nor how it ended, is not asked for that without end', async () => {
    const engine = engineOf({ inspectContainer: () => never() });
    expect(await readExit(engine, { name: 'one', isWatched: true, withinMs: SHORT_MS, signal, log })).to.equal(
      'untold',
    );
  });

  it('nor that it has stopped it, has been told to: the wait ends, and it may still run', async () => {
    const graces: number[] = [];
    const attempt = {
      engine: engineOf({
        waitForExit: () => never(),
        inspectContainer: () => never(),
        stopContainer: (_name, graceS) => {
          graces.push(graceS);
          return never();
        },
        find: () => Promise.resolve({ containers: [], volumes: [] }),
        namelessUsage: () => Promise.resolve(undefined),
        diskUsage: () => Promise.resolve(undefined),
        freeBytes: () => Promise.resolve(undefined),
      }),
      identity,
      limits: { maxDurationS: 600, diskBytes: 1e6, maxFiles: 100 },
      settings: { stopGraceS: 0.01, minFreeDiskGB: 1 },
      log,
    } as unknown as Attempt;
    const end = await awaitEnd(
      attempt,
      {
        algorithm: { kind: 'running', sinceMs: systemClock.monotonicMs() },
        clock: systemClock,
        halted: AbortSignal.abort(),
        flooded: never(),
        cause: undefined,
        note: () => Promise.resolve(),
        stopMs: SHORT_MS,
      },
      signal,
    );
    expect(end).to.deep.equal({ because: 'stop', isWatched: false, isUntold: true });
    expect(graces).to.deep.equal([0.01]);
  });

  it('but lets it be looked at, is not waited for when it has exited and nobody is told', async () => {
    const engine = engineOf({
      inspectContainer: () =>
        Promise.resolve({ kind: 'exited', startedAt: 1, finishedAt: 2, exit: { exitCode: 0, isOutOfMemory: false } }),
      hasProcess: () => Promise.resolve(true),
    });
    expect(await missedExit({ engine, identity, log }, signal, { everyMs: 1, againMs: 1 })).to.equal('untold');
  });
});

describe('what an engine gives in many pieces', () => {
  const overdue = () => new CapstanError('OUTPUTS_UNREADABLE', 'It stands still.');
  const bounds = { engine: engineOf({}), ms: SHORT_MS, overdue, signal };

  it('is given up where it does not begin, and nobody holds its connection any more', async () => {
    const opened: AbortSignal[] = [];
    const opening = unlessStalled(bounds, (until) => {
      opened.push(until);
      return never();
    });
    expect(await codeOf(opening)).to.equal('OUTPUTS_UNREADABLE');
    expect(opened.map(({ aborted }) => aborted)).to.deep.equal([true]);
  });

  it('is given up where it stops in the middle', async () => {
    const source = new PassThrough();
    source.write('some');
    const stream = await unlessStalled(bounds, () => Promise.resolve(source));
    expect(await codeOf(text(stream))).to.equal('OUTPUTS_UNREADABLE');
    expect(source.destroyed).to.equal(true);
  });

  it('waits for a reader that takes its time', async () => {
    const source = new PassThrough({ highWaterMark: 1 });
    const stream = await unlessStalled(bounds, () => Promise.resolve(source));
    const piece = 'x'.repeat(100_000);
    source.end(piece);
    // Several of its looks pass before anybody reads.
    await whileAnswering({ ...bounds, ms: SHORT_MS * 5, overdue: () => new Error('read now') }, () => never()).catch(
      () => undefined,
    );
    expect(await text(stream)).to.equal(piece);
  });

  it('has its time anew with each of them', async () => {
    let pieces = 0;
    const late = Promise.withResolvers<string>();
    const engine = engineOf({
      about() {
        pieces += 1;
        if (pieces === 4) late.resolve('all of it');
        return about();
      },
    });
    expect(await whileAnswering({ ...bounds, engine, progress: () => pieces }, () => late.promise)).to.equal(
      'all of it',
    );
  });
});
