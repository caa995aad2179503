/** Volumes on Docker: made, measured, removed. */
import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { call, refused, unless, within } from './answers.ts';
import { usageBelow } from './disk-usage.ts';
import type { Engine } from './engine.ts';
import { sizeOption } from './profile.ts';

type VolumeCalls = Pick<Engine, 'createVolume' | 'removeVolume' | 'holdsVolumeSizes' | 'diskUsage'>;

const LOOK_MS = 15_000;
const CHANGE_MS = 120_000;
/** Docker adds up all that it has to answer this. */
const ADD_UP_MS = 60_000;
const PROBE_BYTES = 1_000_000;

export function createVolumeCalls(docker: Docker): VolumeCalls {
  /** Where volumes lie on the engine's machine, as long as they are there. */
  const paths = new Map<string, string>();
  let adding: Promise<ReadonlyMap<string, number>> | undefined;

  const pathOf = async (name: string, signal: AbortSignal) => {
    const known = paths.get(name);
    if (known !== undefined) return known;
    const volume = await call((abortSignal) => unless([404], within(abortSignal, docker.getVolume(name).inspect())), {
      signal,
      limitMs: LOOK_MS,
    });
    if (volume) paths.set(name, volume.Mountpoint);
    return volume?.Mountpoint;
  };

  const addUp = async (signal: AbortSignal) => {
    const sizes = await call((abortSignal) => within(abortSignal, docker.df() as Promise<Sizes>), {
      signal,
      limitMs: ADD_UP_MS,
    });
    return new Map((sizes.Volumes ?? []).map(({ Name, UsageData }) => [Name, UsageData?.Size ?? -1]));
  };

  /** For an engine whose disk is not to be seen from here. One answer for all who ask at the same time. */
  const askForUsage = async (names: readonly string[], signal: AbortSignal) => {
    adding ??= addUp(AbortSignal.timeout(ADD_UP_MS)).finally(() => {
      adding = undefined;
    });
    const sizes = await within(signal, adding);
    const known = names.map((name) => sizes.get(name) ?? -1);
    return known.some((bytes) => bytes < 0) ? undefined : known.reduce((sum, bytes) => sum + bytes, 0);
  };

  const removeVolume = async (name: string, signal: AbortSignal) => {
    paths.delete(name);
    // 409, its container is still being removed, is worth another try like everything unknown.
    await call((abortSignal) => unless([404], docker.getVolume(name).remove({ abortSignal })), {
      signal,
      limitMs: CHANGE_MS,
    });
  };

  return {
    async createVolume(name, labels, signal) {
      await call((abortSignal) => docker.createVolume({ Name: name, Labels: { ...labels }, abortSignal }), {
        signal,
        limitMs: CHANGE_MS,
        other: refused('VOLUME_REFUSED'),
      });
    },

    removeVolume,

    async holdsVolumeSizes(labels, signal) {
      const name = `capstan-probe-${randomBytes(8).toString('hex')}`;
      const options = { Name: name, Labels: { ...labels }, DriverOpts: sizeOption(PROBE_BYTES) };
      const made = await call(
        // An engine whose disk has no quotas refuses to make it.
        (abortSignal) => unless([400, 500], docker.createVolume({ ...options, abortSignal })),
        { signal, limitMs: CHANGE_MS },
      );
      if (made) await removeVolume(name, signal);
      return made !== undefined;
    },

    async diskUsage(names, enough, signal) {
      let total = 0;
      for (const name of names) {
        const path = await pathOf(name, signal);
        // Names of volumes are all different: a folder of that path here is that volume.
        const bytes = path === undefined ? undefined : await usageBelow(path, enough - total, signal);
        if (bytes === undefined) return askForUsage(names, signal);
        total += bytes;
      }
      return total;
    },
  };
}

interface Sizes {
  readonly Volumes: readonly { readonly Name: string; readonly UsageData?: { readonly Size: number } }[] | null;
}
