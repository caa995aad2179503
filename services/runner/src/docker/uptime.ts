/** What Docker knows of its own life, and of a container that it calls running. */
import { call, LOOK_MS, unless } from './answers.ts';
import type { EngineHttp } from './http.ts';
import type { EngineHost } from './ports/host.ts';
import type { EngineContainers } from './ports/containers.ts';

/** `anew` makes a connection for each call: one that was made before may be answered by an engine that is ending. */
export function createUptimeCalls(
  http: EngineHttp,
  anew: EngineHttp,
): Pick<EngineHost, 'upSince'> & Pick<EngineContainers, 'hasProcess'> {
  return {
    async upSince(signal) {
      // Docker makes its default network anew each time that it starts, after it has stopped or buried what an earlier life of it left.
      const network = await call(
        (limited) =>
          unless(
            [404],
            anew.read<{ readonly Created?: string }>({ method: 'GET', path: '/networks/bridge', signal: limited }),
          ),
        { signal, limitMs: LOOK_MS },
      );
      const since = Date.parse(network?.Created ?? '');
      return since > 0 ? since : undefined;
    },

    async hasProcess(name, signal) {
      // 404 also where the container is known and its process is not; anything else says nothing.
      const found = await call(
        (limited) =>
          unless(
            [404],
            unless(
              [400, 409, 500, 501],
              http.done({ method: 'GET', path: `/containers/${name}/top`, signal: limited }),
            ).then(() => true),
          ),
        { signal, limitMs: LOOK_MS },
      );
      return found !== undefined;
    },
  };
}
