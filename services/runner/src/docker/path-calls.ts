/** What is at a path of a container on Docker, and what a small file there says. */
import type Docker from 'dockerode';
import { call, refused, unless } from './answers.ts';
import { textIn } from './archived-text.ts';
import type { Engine } from './engine.ts';
import { ownErrors } from './own-errors.ts';
import { entryOf } from './path-entry.ts';

const LOOK_MS = 15_000;

export function createPathCalls(docker: Docker): Pick<Engine, 'entryAt' | 'readText'> {
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
