/** The engine's ports on a simulated machine, as one runner process sees it. Calls take time, fail, and may have worked although they did. */
import { Readable } from 'node:stream';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Container, Machine } from './machine.ts';
import type {
  ContainerSpec,
  ContainerState,
  EngineContainers,
  LogFrame,
} from '../../../services/runner/src/docker/ports/containers.ts';
import type { EngineHost } from '../../../services/runner/src/docker/ports/host.ts';
import type { EngineImages } from '../../../services/runner/src/docker/ports/images.ts';
import type { EngineNetworks } from '../../../services/runner/src/docker/ports/networks.ts';
import type { EngineVolumes } from '../../../services/runner/src/docker/ports/volumes.ts';
import type { Engine } from '../../../services/runner/src/docker/engine.ts';
import { requireRight } from '../../../services/runner/src/docker/ours.ts';
import { tarOf } from './archives.ts';

/** Carries a call of the runner to the machine and the answer back: the simulation's with faults, the conformance suite's without. */
export type Carry = <T>(what: string, effect: () => T | Promise<T>, signal: AbortSignal) => Promise<T>;

const lost = (name: string) => new CapstanError('CONTAINER_LOST', `The container ${name} is gone from the engine.`);
const ABOUT = { version: 'simulated', os: 'linux', architecture: 'amd64', rootDir: '/' } as const;
const imageOf = (reference: string) => ({
  id: `sha256:${reference}`,
  digests: [],
  tags: [],
  sizeBytes: 1,
  os: 'linux',
  architecture: 'amd64',
  settings: { labels: {}, volumes: [], workingDir: '', argv: [] },
});
const refused = (text: string) => new CapstanError('CONTAINER_REFUSED', text);
const isLabelled = (labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);

export const createSimulatedEngine = (machine: Machine, carry: Carry): Engine => ({
  ...hostOf(machine, carry),
  ...containersOf(machine, carry),
  ...volumesOf(machine, carry),
  ...imagesOf(carry),
  ...networksOf(carry),
});

function hostOf(machine: Machine, carry: Carry): EngineHost {
  const { containers, volumes } = machine;
  return {
    about: (signal) => carry('about', () => ABOUT, signal),
    async listen(onHeard, signal) {
      await carry('ping', () => undefined, signal);
      onHeard();
      // Broken by a fall of the machine.
      await carry('listen', () => new Promise<void>(() => undefined), signal);
    },
    ping: (signal) => carry('ping', () => undefined, signal),
    upSince: (signal) => carry('upSince', () => machine.upSince(), signal),
    find: (labels, signal) =>
      carry(
        'find',
        () => ({
          containers: [...containers.entries()]
            .filter(([, { spec }]) => isLabelled(spec.labels, labels))
            .map(([name, { spec }]) => ({ name, labels: spec.labels })),
          volumes: [...volumes.entries()]
            .filter(([, volume]) => isLabelled(volume.labels, labels))
            .map(([name, volume]) => ({ name, labels: volume.labels })),
        }),
        signal,
      ),
  };
}

function containersOf(machine: Machine, carry: Carry): EngineContainers {
  const { containers, volumes } = machine;
  const known = (name: string): Container => {
    const container = containers.get(name);
    if (!container) throw lost(name);
    return container;
  };
  const snapshot = ({ state }: Container): ContainerState => state;

  const create = (spec: ContainerSpec, signal: AbortSignal) =>
    carry(
      `createContainer ${spec.name}`,
      () => {
        const before = containers.get(spec.name);
        if (before && before.state.kind !== 'created')
          throw refused(`The container ${spec.name} exists and was started already.`);
        for (const { volume } of spec.mounts) {
          if (!volumes.has(volume)) volumes.set(volume, { labels: spec.labels, isFilled: false });
        }
        containers.set(spec.name, { spec, state: { kind: 'created' }, end: undefined, waiting: new Set() });
      },
      signal,
    );

  return {
    createContainer: create,
    async createAlgorithm(ours, spec, signal) {
      requireRight(ours, spec.labels);
      await create(spec, signal);
    },
    startContainer: (name, signal) =>
      carry(
        `startContainer ${name}`,
        () => {
          known(name);
          machine.start(name);
        },
        signal,
      ),
    inspectContainer: (name, signal) => carry(`inspectContainer ${name}`, () => snapshot(known(name)), signal),
    originOf: (name, signal) =>
      carry(`inspectOrigin ${name}`, () => ({ image: known(name).spec.image, env: known(name).spec.env }), signal),
    hasProcess: (name, signal) => carry(`hasProcess ${name}`, () => known(name).isHollow !== true, signal),
    waitForExit: (name, signal) =>
      carry(
        `waitForExit ${name}`,
        () => {
          const container = known(name);
          if (container.state.kind !== 'running') return undefined;
          return new Promise<void>((resolve) => void container.waiting.add(resolve));
        },
        signal,
      ),
    stopContainer: (name, _graceS, signal) =>
      carry(
        `stopContainer ${name}`,
        () => {
          const container = containers.get(name);
          if (container) machine.end(container, { exitCode: 143, isOutOfMemory: false });
        },
        signal,
      ),
    async putArchive(name, _path, tar, signal) {
      let bytes = 0;
      for await (const chunk of tar) bytes += (chunk as Buffer).length;
      await carry(
        `putArchive ${name} (${bytes} bytes)`,
        () => {
          for (const { volume } of known(name).spec.mounts) {
            const found = volumes.get(volume);
            if (found) found.isFilled = true;
          }
        },
        signal,
      );
    },
    // Its images hold nothing.
    entryAt: (name, path, signal) => carry(`entryAt ${name} ${path}`, () => undefined, signal),
    // Its images name no users.
    readText: (name, { path }, signal) => carry(`readText ${name} ${path}`, () => undefined, signal),
    getArchive: (name, _path, signal) =>
      carry(
        `getArchive ${name}`,
        () => {
          known(name);
          return Readable.from([tarOf({ 'out/outputs/result': name.replace(/-files$/, '') })]);
        },
        signal,
      ),
    readLog: (name, _how, signal) =>
      carry(
        `readLog ${name}`,
        () => {
          known(name);
          const bytes = Buffer.from(`log of ${name}\n`);
          return Readable.from([[{ stream: 'stdout', at: '', bytes }]]) as AsyncIterable<readonly LogFrame[]>;
        },
        signal,
      ),
    removeContainer: (name, signal) =>
      carry(
        `removeContainer ${name}`,
        () => {
          const container = containers.get(name);
          if (container) machine.end(container, { exitCode: 137, isOutOfMemory: false });
          containers.delete(name);
        },
        signal,
      ),
  };
}

function volumesOf({ containers, volumes }: Machine, carry: Carry): EngineVolumes {
  return {
    createVolume: (name, labels, signal) =>
      carry(
        `createVolume ${name}`,
        () => {
          if (!volumes.has(name)) volumes.set(name, { labels, isFilled: false });
        },
        signal,
      ),
    removeVolume: (name, signal) =>
      carry(
        `removeVolume ${name}`,
        () => {
          const user = [...containers.values()].find(({ spec }) => spec.mounts.some(({ volume }) => volume === name));
          if (user) throw new CapstanError('ENGINE_REFUSED', `The volume ${name} is in use.`);
          volumes.delete(name);
        },
        signal,
      ),
    holdsVolumeSizes: (_labels, signal) => carry('holdsVolumeSizes', () => true, signal),
    diskUsage: (_volumes, _enough, signal) => carry('diskUsage', () => ({ bytes: 0, files: 0 }), signal),
    namelessUsage: (_of, signal) => carry('namelessUsage', () => ({ bytes: 0, files: 0 }), signal),
    freeBytes: (_volumes, signal) => carry('freeBytes', () => undefined, signal),
  };
}

function imagesOf(carry: Carry): EngineImages {
  return {
    findImage: (reference, signal) => carry(`findImage ${reference}`, () => imageOf(reference), signal),
    findImages: (_labels, signal) => carry('findImages', () => [], signal),
    findDigest: ({ reference }, signal) => carry(`findDigest ${reference}`, () => `sha256:${'0'.repeat(64)}`, signal),
    pullImage: ({ reference }, signal) => carry(`pullImage ${reference}`, () => undefined, signal),
    importImage: (reference, _tar, signal) => carry(`importImage ${reference}`, () => undefined, signal),
    removeImage: (reference, signal) => carry(`removeImage ${reference}`, () => 'removed' as const, signal),
  };
}

function networksOf(carry: Carry): EngineNetworks {
  return {
    createNetwork: (name, _labels, signal) => carry(`createNetwork ${name}`, () => undefined, signal),
    removeNetwork: (name, signal) => carry(`removeNetwork ${name}`, () => undefined, signal),
  };
}
