/** The engine port on Docker, and with the calls that it is put together from all that talks to it. Docker's errors become ours here, by status code. */
import { Agent } from 'node:http';
import Docker from 'dockerode';
import { call, CHANGE_MS, LOOK_MS, refusedUnlessFull, unless, within, wontClear } from './answers.ts';
import { createContainerCalls } from './container-calls.ts';
import type { Engine } from './engine.ts';
import { createImageCalls } from './image-calls.ts';
import type { EngineHost } from './ports/host.ts';
import type { EngineNetworks } from './ports/networks.ts';
import { createPresenceCalls } from './presence.ts';
import { createUptimeCalls } from './uptime.ts';
import { createVolumeCalls } from './volumes.ts';

export function createDockerEngine(socketPath: string): Engine {
  const docker = new Docker({ socketPath });
  const oneCallEach = { socketPath, agent: new Agent({ keepAlive: false }) };
  const anew = new Docker(oneCallEach);
  return {
    ...createHostCalls(docker),
    ...createPresenceCalls(anew),
    ...createUptimeCalls(docker, anew),
    ...createContainerCalls(docker),
    ...createVolumeCalls(docker),
    ...createImageCalls(docker),
    ...createNetworkCalls(docker),
  };
}

function createHostCalls(docker: Docker): Pick<EngineHost, 'about' | 'find'> {
  return {
    async about(signal) {
      const look = { signal, limitMs: LOOK_MS };
      const [version, info] = await Promise.all([
        call((abortSignal) => within(abortSignal, docker.version()), look),
        call((abortSignal) => within(abortSignal, docker.info() as Promise<{ DockerRootDir: string }>), look),
      ]);
      return { version: version.Version, os: version.Os, architecture: version.Arch, rootDir: info.DockerRootDir };
    },

    async find(labels, signal) {
      const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
      const look = { signal, limitMs: LOOK_MS };
      const [containers, volumes] = await Promise.all([
        call((abortSignal) => docker.listContainers({ all: true, filters: { label }, abortSignal }), look),
        call((abortSignal) => docker.listVolumes({ filters: { label }, abortSignal }), look),
      ]);
      return {
        containers: containers.map(({ Names, Id, Labels }) => ({
          name: Names[0]?.replace(/^\//, '') ?? Id,
          labels: Labels,
        })),
        // An engine without any volume answers null.
        volumes: ((volumes.Volumes as typeof volumes.Volumes | null) ?? []).map(({ Name, Labels }) => ({
          name: Name,
          labels: (Labels as typeof Labels | null) ?? {},
        })),
      };
    },
  };
}

function createNetworkCalls(docker: Docker): EngineNetworks {
  return {
    async createNetwork(name, labels, signal) {
      const options = {
        Name: name,
        Labels: { ...labels },
        Driver: 'bridge',
        // Two networks may have one name, unless it is asked to look.
        CheckDuplicate: true,
        Options: { 'com.docker.network.bridge.enable_icc': 'false' },
      };
      await call((abortSignal) => unless([409], docker.createNetwork({ ...options, abortSignal })), {
        signal,
        limitMs: CHANGE_MS,
        other: refusedUnlessFull('CONTAINER_REFUSED'),
      });
    },

    async removeNetwork(name, signal) {
      await call((abortSignal) => unless([404], docker.getNetwork(name).remove({ abortSignal })), {
        signal,
        limitMs: CHANGE_MS,
        other: wontClear,
      });
    },
  };
}
