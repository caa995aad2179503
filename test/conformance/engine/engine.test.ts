/** What the runner, and the simulation, rely on of the engine port: the same facts on Docker and on the simulation's machine. */
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { pack } from 'tar-stream';
import type { ErrorCode } from '@capstan/shared/contract/errors';
import type { ContainerSpec } from '../../../services/runner/src/docker/ports/containers.ts';
import type { Engine } from '../../../services/runner/src/docker/engine.ts';
import { labelsOf } from '../../../services/runner/src/docker/names.ts';
import { grant } from '../../../services/runner/src/docker/ours.ts';
import { ENGINES, exitsWith, RUNS_FOR_EVER, type EngineUnderTest } from './engines.ts';

const CONFINEMENT: NonNullable<ContainerSpec['confinement']> = {
  user: '10001:10001',
  cpus: 0.5,
  memoryBytes: 100_000_000,
  pids: 20,
  tmpBytes: 1_000_000,
  gpus: [],
  logBytes: 1_000_000,
};

const specOf = ({ name, image, labels }: EngineUnderTest, argv: readonly string[], volume?: string): ContainerSpec => ({
  name,
  image,
  labels,
  argv,
  env: {},
  confinement: CONFINEMENT,
  mounts: volume === undefined ? [] : [{ volume, target: '/data', isReadOnly: false }],
});

async function refusalOf(work: Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.code as ErrorCode;
    throw error;
  }
}

const stateOf = async (engine: Engine, name: string, signal: AbortSignal) =>
  (await engine.inspectContainer(name, signal)).kind;

for (const [name, withEngine] of Object.entries(ENGINES)) {
  describe(`a container, on ${name},`, () => {
    it('is made, started, and ends with its exit code', () =>
      withEngine(async (test) => {
        const { engine, signal } = test;
        await engine.createContainer(specOf(test, exitsWith(3)), signal);
        expect(await stateOf(engine, test.name, signal)).to.equal('created');
        await engine.startContainer(test.name, signal);
        await engine.waitForExit(test.name, signal);
        const state = await engine.inspectContainer(test.name, signal);
        expect(state.kind === 'exited' && state.exit).to.deep.equal({ exitCode: 3, isOutOfMemory: false });
      }));

    it('of an algorithm is made for the attempt that was claimed, and for no other one', () =>
      withEngine(async (test) => {
        const { engine, identity, signal } = test;
        const spec = { ...specOf(test, exitsWith(0)), labels: labelsOf(identity, 'algorithm') };
        for (const other of [{ run: 2 }, { attempt: 2 }]) {
          const made = await engine
            .createAlgorithm(grant({ ...identity, ...other }), spec, signal)
            .catch((error: unknown) => error);
          expect(made).to.be.instanceOf(RangeError);
        }
        expect((await engine.find(spec.labels, signal)).containers).to.deep.equal([]);
        await engine.createAlgorithm(grant(identity), spec, signal);
        expect(await stateOf(engine, test.name, signal)).to.equal('created');
      }));

    it('ends while its engine is there, which knows since when it is', () =>
      withEngine(async (test) => {
        const { engine, signal } = test;
        await engine.createContainer(specOf(test, RUNS_FOR_EVER), signal);
        await engine.startContainer(test.name, signal);
        expect(await engine.hasProcess(test.name, signal)).to.equal(true);
        await engine.stopContainer(test.name, 0, signal);
        const state = await engine.inspectContainer(test.name, signal);
        const upSince = await engine.upSince(signal);
        expect(state.kind === 'exited' && state.finishedAt).to.be.at.least(upSince ?? Infinity);
      }));

    it('that was never started is replaced; one that was is not', () =>
      withEngine(async (test) => {
        const { engine, signal } = test;
        await engine.createContainer(specOf(test, exitsWith(3)), signal);
        await engine.createContainer(specOf(test, exitsWith(4)), signal);
        await engine.startContainer(test.name, signal);
        await engine.waitForExit(test.name, signal);
        const state = await engine.inspectContainer(test.name, signal);
        expect(state.kind === 'exited' && state.exit.exitCode).to.equal(4);
        const again = engine.createContainer(specOf(test, exitsWith(5)), signal);
        expect(await refusalOf(again)).to.equal('CONTAINER_REFUSED');
      }));

    it('that runs may be started again without effect', () =>
      withEngine(async (test) => {
        const { engine, signal } = test;
        await engine.createContainer(specOf(test, RUNS_FOR_EVER), signal);
        await engine.startContainer(test.name, signal);
        const before = await engine.inspectContainer(test.name, signal);
        await engine.startContainer(test.name, signal);
        expect(await engine.inspectContainer(test.name, signal)).to.deep.equal(before);
      }));

    it('that has exited runs once more when it is started: so nobody may', () =>
      withEngine(async (test) => {
        const { engine, signal } = test;
        await engine.createContainer(specOf(test, RUNS_FOR_EVER), signal);
        await engine.startContainer(test.name, signal);
        await engine.stopContainer(test.name, 0, signal);
        expect(await stateOf(engine, test.name, signal)).to.equal('exited');
        await engine.startContainer(test.name, signal);
        expect(await stateOf(engine, test.name, signal)).to.equal('running');
      }));

    it('that does not run is not waited for, and not stopped', () =>
      withEngine(async (test) => {
        const { engine, signal } = test;
        await engine.createContainer(specOf(test, RUNS_FOR_EVER), signal);
        await engine.waitForExit(test.name, signal);
        await engine.stopContainer(test.name, 0, signal);
        expect(await stateOf(engine, test.name, signal)).to.equal('created');
      }));

    it('is waited for until it is stopped', () =>
      withEngine(async (test) => {
        const { engine, signal } = test;
        await engine.createContainer(specOf(test, RUNS_FOR_EVER), signal);
        await engine.startContainer(test.name, signal);
        const exited = engine.waitForExit(test.name, signal);
        await engine.stopContainer(test.name, 0, signal);
        await exited;
        expect(await stateOf(engine, test.name, signal)).to.equal('exited');
      }));

    it('that is not there is lost, to whoever asks for it', () =>
      withEngine(async ({ engine, name: missing, signal }) => {
        const asked: readonly Promise<unknown>[] = [
          engine.startContainer(missing, signal),
          engine.inspectContainer(missing, signal),
          engine.waitForExit(missing, signal),
          engine.getArchive(missing, '/data', signal),
        ];
        expect(await Promise.all(asked.map(refusalOf))).to.deep.equal(asked.map(() => 'CONTAINER_LOST'));
        await engine.stopContainer(missing, 0, signal);
        await engine.removeContainer(missing, signal);
      }));

    it('goes with what runs in it, and keeps its volumes until then', () =>
      withEngine(async (test) => {
        const { engine, signal, labels } = test;
        const volume = `${test.name}-in`;
        await engine.createContainer(specOf(test, RUNS_FOR_EVER, volume), signal);
        await engine.startContainer(test.name, signal);
        expect(await refusalOf(engine.removeVolume(volume, signal))).to.equal('ENGINE_REFUSED');
        const found = await engine.find(labels, signal);
        expect(found.containers.map((each) => each.name)).to.deep.equal([test.name]);
        expect(found.volumes.map((each) => each.name)).to.deep.equal([volume]);
        await engine.removeContainer(test.name, signal);
        expect((await engine.find(labels, signal)).volumes).to.have.length(1);
        await engine.removeVolume(volume, signal);
        await engine.removeVolume(volume, signal);
        expect(await engine.find(labels, signal)).to.deep.equal({ containers: [], volumes: [] });
      }));

    it('takes archives in and gives archives out, though it was never started', () =>
      withEngine(async (test) => {
        const { engine, signal } = test;
        await engine.createContainer(specOf(test, RUNS_FOR_EVER, `${test.name}-in`), signal);
        const archive = pack();
        archive.entry({ name: 'hello' }, 'hello');
        archive.finalize();
        await engine.putArchive(test.name, '/data', archive as never, signal);
        const out = await buffer(await engine.getArchive(test.name, '/data', signal));
        expect(out.length % 512, 'whole blocks').to.equal(0);
        expect(out.subarray(257, 262).toString()).to.equal('ustar');
      }));

    it('is let go of by who no longer waits for it', () =>
      withEngine(async (test) => {
        const { engine, signal } = test;
        await engine.createContainer(specOf(test, RUNS_FOR_EVER), signal);
        await engine.startContainer(test.name, signal);
        const waiting = new AbortController();
        const reason = new Error('no longer wanted');
        const ended = engine.waitForExit(test.name, waiting.signal).catch((error: unknown) => error);
        waiting.abort(reason);
        expect(await ended).to.equal(reason);
      }));
  });

  describe(`what lies in a container, on ${name},`, () => {
    it('is nothing at a path that is not there, nor in a container that is not', () =>
      withEngine(async (test) => {
        const { engine, signal } = test;
        await engine.createContainer(specOf(test, RUNS_FOR_EVER), signal);
        const file = { path: '/nothing/of/this/name', maxBytes: 1_000 };
        for (const container of [test.name, `${test.name}-missing`]) {
          expect(await engine.entryAt(container, file.path, signal), container).to.equal(undefined);
          expect(await engine.readText(container, file, signal), container).to.equal(undefined);
        }
      }));

    it('is neither looked at nor read for who no longer waits', () =>
      withEngine(async (test) => {
        const { engine, signal } = test;
        await engine.createContainer(specOf(test, RUNS_FOR_EVER), signal);
        const gone = AbortSignal.abort(new Error('no longer wanted'));
        const asked = [
          engine.entryAt(test.name, '/nothing', gone),
          engine.readText(test.name, { path: '/nothing', maxBytes: 1_000 }, gone),
        ];
        const reasons = await Promise.all(asked.map((each) => each.catch((error: unknown) => error)));
        expect(reasons).to.deep.equal(asked.map(() => gone.reason as unknown));
      }));
  });

  describe(`the presence of ${name}`, () => {
    it('is heard and answered, until nobody listens any more', () =>
      withEngine(async ({ engine, signal }) => {
        await engine.ping(signal);
        const listening = new AbortController();
        const reason = new Error('no longer listening');
        const { promise: heard, resolve } = Promise.withResolvers<void>();
        const ended = engine.listen(resolve, listening.signal).catch((error: unknown) => error);
        await heard;
        listening.abort(reason);
        expect(await ended).to.equal(reason);
      }));
  });
}
