/** What is at a path of a container on Docker, and what a small file there says. */
import { call, LOOK_MS, refused, unless } from './answers.ts';
import { textIn } from './archived-text.ts';
import { ownErrors } from './own-errors.ts';
import type { EngineHttp } from './http.ts';
import { entryOf } from './path-entry.ts';
import type { EngineContainers } from './ports/containers.ts';

export function createPathCalls(http: EngineHttp): Pick<EngineContainers, 'entryAt' | 'readText'> {
  const archive = (name: string) => `/containers/${name}/archive`;
  return {
    entryAt: (name, path, signal) =>
      call(
        async (limited) => {
          const asked = { method: 'HEAD', path: archive(name), query: { path }, signal: limited } as const;
          const answer = await unless([404], http.open(asked));
          return answer && entryOf(answer);
        },
        { signal, limitMs: LOOK_MS, other: refused('CONTAINER_REFUSED') },
      ),

    async readText(name, { path, maxBytes }, signal) {
      return call(
        async (limited) => {
          const asked = { method: 'GET', path: archive(name), query: { path }, signal: limited } as const;
          const stream = await unless([404], http.open(asked));
          return stream && textIn(ownErrors(stream), maxBytes);
        },
        { signal, limitMs: LOOK_MS, other: refused('CONTAINER_REFUSED') },
      );
    },
  };
}
