/** What is at a path of a container on Docker, and what a small file there says. */
import type Docker from 'dockerode';
import { call, LOOK_MS, refused, unless } from './answers.ts';
import { textIn } from './archived-text.ts';
import { ownErrors } from './own-errors.ts';
import { entryOf } from './path-entry.ts';
import type { EngineContainers } from './ports/containers.ts';

export function createPathCalls(docker: Docker): Pick<EngineContainers, 'entryAt' | 'readText'> {
  const container = (name: string) => docker.getContainer(name);
  return {
    entryAt: (name, path, signal) =>
      call(
        async (abortSignal) => {
          const answer = await unless([404], container(name).infoArchive({ path, abortSignal }));
          return answer && entryOf(answer);
        },
        { signal, limitMs: LOOK_MS, other: refused('CONTAINER_REFUSED') },
      ),

    async readText(name, { path, maxBytes }, signal) {
      const stream = await call((abortSignal) => unless([404], container(name).getArchive({ path, abortSignal })), {
        signal,
        limitMs: LOOK_MS,
        other: refused('CONTAINER_REFUSED'),
      });
      return stream && textIn(ownErrors(stream), maxBytes);
    },
  };
}
