/** The engine port on Docker, and with the calls that it is put together from all that talks to it. Docker's errors become ours here, by status code. */
import { call, CHANGE_MS, LOOK_MS, refusedUnlessFull, unless, wontClear } from './answers.ts';
import { createContainerCalls } from './container-calls.ts';
import type { Engine } from './engine.ts';
import { createExits } from './exits.ts';
import { filesAtHand } from './files-at-hand.ts';
import { createEngineHttp, type EngineHttp } from './http.ts';
import { createImageCalls } from './image-calls.ts';
import type { Labels } from './labels.ts';
import type { EngineHost } from './ports/host.ts';
import type { EngineNetworks } from './ports/networks.ts';
import { createPresenceCalls } from './presence.ts';
import { createUptimeCalls } from './uptime.ts';
import { createVolumePaths } from './volume-paths.ts';
import { createVolumeCalls } from './volumes.ts';

interface DockerOptions {
  /** Whether all files go through the engine, though its volumes lie on this machine. */
  readonly filesThroughEngine?: boolean;
}

export function createDockerEngine(socketPath: string, { filesThroughEngine = false }: DockerOptions = {}): Engine {
  const http = createEngineHttp(socketPath);
  const anew = createEngineHttp(socketPath, 'anew');
  const exits = createExits();
  const volumes = createVolumePaths(http);
  const engine = {
    ...createHostCalls(http),
    ...createPresenceCalls(anew, exits),
    ...createUptimeCalls(http, anew),
    ...createContainerCalls(http, exits),
    ...createVolumeCalls(http, volumes),
    ...createImageCalls(http),
    ...createNetworkCalls(http),
  };
  // In root's group as well, which all belongs to that it makes.
  const isRoot = process.geteuid?.() === 0 && process.getegid?.() === 0;
  return filesThroughEngine ? engine : filesAtHand(engine, { volumes, isRoot });
}

function createHostCalls(http: EngineHttp): Pick<EngineHost, 'about' | 'find'> {
  return {
    async about(signal) {
      const look = { signal, limitMs: LOOK_MS };
      const [version, info] = await Promise.all([
        call((limited) => http.read<Version>({ method: 'GET', path: '/version', signal: limited }), look),
        call((limited) => http.read<Info>({ method: 'GET', path: '/info', signal: limited }), look),
      ]);
      return { version: version.Version, os: version.Os, architecture: version.Arch, rootDir: info.DockerRootDir };
    },

    async find(labels, signal) {
      const filters = JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });
      const get = { method: 'GET' } as const;
      const look = { signal, limitMs: LOOK_MS };
      const [containers, volumes] = await Promise.all([
        call(
          (limited) =>
            http.read<readonly ListedContainer[]>({
              ...get,
              path: '/containers/json',
              query: { all: true, filters },
              signal: limited,
            }),
          look,
        ),
        call(
          (limited) => http.read<ListedVolumes>({ ...get, path: '/volumes', query: { filters }, signal: limited }),
          look,
        ),
      ]);
      return {
        containers: containers.map(({ Names, Id, Labels }) => ({
          name: Names[0]?.replace(/^\//, '') ?? Id,
          labels: Labels,
        })),
        // An engine without any volume answers null.
        volumes: (volumes.Volumes ?? []).map(({ Name, Labels }) => ({
          name: Name,
          labels: Labels ?? {},
        })),
      };
    },
  };
}

function createNetworkCalls(http: EngineHttp): EngineNetworks {
  return {
    async createNetwork(name, labels, signal) {
      const json = {
        Name: name,
        Labels: labels,
        Driver: 'bridge',
        // Two networks may have one name, unless it is asked to look.
        CheckDuplicate: true,
        Options: { 'com.docker.network.bridge.enable_icc': 'false' },
      };
      await call(
        (limited) => unless([409], http.done({ method: 'POST', path: '/networks/create', json, signal: limited })),
        {
          signal,
          limitMs: CHANGE_MS,
          other: refusedUnlessFull('CONTAINER_REFUSED'),
        },
      );
    },

    async removeNetwork(name, signal) {
      await call(
        (limited) => unless([404], http.done({ method: 'DELETE', path: `/networks/${name}`, signal: limited })),
        {
          signal,
          limitMs: CHANGE_MS,
          other: wontClear,
        },
      );
    },
  };
}

interface Version {
  readonly Version: string;
  readonly Os: string;
  readonly Arch: string;
}

interface Info {
  readonly DockerRootDir: string;
}

interface ListedContainer {
  readonly Names: readonly string[];
  readonly Id: string;
  readonly Labels: Labels;
}

interface ListedVolumes {
  readonly Volumes: readonly { readonly Name: string; readonly Labels: Labels | null }[] | null;
}
