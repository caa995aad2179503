/** Where volumes of the engine lie, as it says or as others of them do. Whether anything of that is to be seen from here is another question. */
import { call, LOOK_MS, unless } from './answers.ts';
import type { EngineHttp } from './http.ts';
import { createVolumePlaces } from './volume-places.ts';

export interface VolumePaths {
  /** Undefined if there is no such volume. */
  of(name: string, signal: AbortSignal): Promise<string | undefined>;
  forget(name: string): void;
}

export function createVolumePaths(http: EngineHttp): VolumePaths {
  /** Of those that the engine was asked for, as long as they are there. */
  const asked = new Map<string, string>();
  const places = createVolumePlaces();
  return {
    async of(name, signal) {
      const known = asked.get(name) ?? (await places.find(name));
      if (known !== undefined) return known;
      const look = (limited: AbortSignal) =>
        http.read<{ readonly Mountpoint: string }>({ method: 'GET', path: `/volumes/${name}`, signal: limited });
      const volume = await call((limited) => unless([404], look(limited)), { signal, limitMs: LOOK_MS });
      if (!volume) return undefined;
      asked.set(name, volume.Mountpoint);
      places.learn(name, volume.Mountpoint);
      return volume.Mountpoint;
    },
    forget: (name) => void asked.delete(name),
  };
}
