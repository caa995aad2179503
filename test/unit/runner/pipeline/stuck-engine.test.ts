/** An engine that answers, and is stuck with one container: nobody waits for that without end, and nothing of it is taken for done. */
import { expect } from 'chai';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import { createLog } from '@capstan/shared/runtime/log';
import type { ContainerState, Engine } from '../../../../services/runner/src/docker/engine.ts';
import { labelsOf } from '../../../../services/runner/src/docker/names.ts';
import type { Attempt } from '../../../../services/runner/src/pipeline/attempt.ts';
import type { StartMarks } from '../../../../services/runner/src/pipeline/start-marks.ts';
import { clearAway } from '../../../../services/runner/src/pipeline/steps/clean.ts';
import { startAgain } from '../../../../services/runner/src/pipeline/steps/again.ts';
import { startOnce } from '../../../../services/runner/src/pipeline/steps/run.ts';

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

describe('the start of a container', () => {
  const engineOf = (parts: Partial<Engine>) => ({ about, ...parts }) as Engine;

  it('that the engine does not answer, though it answers all else, is given up as unknown, and not made again', async () => {
    const calls: AbortSignal[] = [];
    const engine = engineOf({
      startContainer: (_name, within) => {
        calls.push(within);
        return new Promise(() => undefined);
      },
    });
    expect(await codeOf(startOnce(engine, 'one', { withinMs: SHORT_MS, signal, log }))).to.equal('START_UNKNOWN');
    expect(calls.map(({ aborted }) => aborted)).to.deep.equal([true]);
  });

  it('is unknown, too, where the connection broke and the engine says nothing of the container since', async () => {
    const engine = engineOf({
      startContainer: () => Promise.reject(away()),
      inspectContainer: () => Promise.reject(away()),
    });
    expect(await codeOf(startOnce(engine, 'one', { withinMs: SHORT_MS, signal, log }))).to.equal('START_UNKNOWN');
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
    expect(await codeOf(startOnce(engine, 'one', { withinMs: SHORT_MS, signal, log }))).to.equal('done');
    expect(looks).to.equal(5);
  });
});

describe('what an engine does not clear away, though it answers', () => {
  const identity = {
    node: 'node',
    runnerId: 'runner',
    environment: 'environment' as EnvironmentId,
    jobId: 'ab'.repeat(16) as JobId,
    run: 1,
    attempt: 1,
  };

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
    const engine = { about, removeContainer: () => new Promise<void>(() => undefined) } as unknown as Engine;
    const marks = { read: () => Promise.resolve(1) } as unknown as StartMarks;
    const attempt = { engine, identity, log } as unknown as Attempt;
    expect(await codeOf(startAgain(attempt, marks, signal, SHORT_MS))).to.equal('START_UNKNOWN');
  });
});
