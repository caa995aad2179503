/** Where an engine keeps its volumes: all in one place, each in a folder of its name. Who has seen one knows where the others are. */
import { stat } from 'node:fs/promises';

export interface VolumePlaces {
  /** Where the engine says that one of them is. */
  learn(name: string, path: string): void;
  /** Undefined where none was seen yet, or nothing is there: then the engine knows. */
  find(name: string): Promise<string | undefined>;
}

export function createVolumePlaces(): VolumePlaces {
  let around: { readonly before: string; readonly after: string } | undefined;
  return {
    learn(name, path) {
      const parts = path.split(`/${name}/`);
      const [before, after] = parts;
      around = parts.length === 2 && before !== undefined && after !== undefined ? { before, after } : undefined;
    },
    async find(name) {
      if (!around) return undefined;
      const path = `${around.before}/${name}/${around.after}`;
      // Names of volumes are all different: a folder of that path here is that volume.
      const found = await stat(path).catch(() => undefined);
      return found?.isDirectory() ? path : undefined;
    },
  };
}
