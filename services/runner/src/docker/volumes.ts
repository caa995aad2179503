/** Volumes on Docker: made, measured, removed. */
import { randomBytes } from 'node:crypto';
import { stat, statfs } from 'node:fs/promises';
import { limited as limitedTo } from '@capstan/shared/runtime/limited';
import { call, CHANGE_MS, LOOK_MS, refusedUnlessFull, unless, within, wontClear } from './answers.ts';
import { usageBelow } from './disk-usage.ts';
import type { EngineVolumes, Room } from './ports/volumes.ts';
import { emptyOut } from './empty-out.ts';
import { isSlight } from './slight.ts';
import type { EngineHttp } from './http.ts';
import { holdsOurs } from './names.ts';
import { createOpenFiles } from './open-files.ts';
import { sizeOption } from './profile.ts';
import type { VolumePaths } from './volume-paths.ts';

/** Docker adds up all that it has to answer this. */
const ADD_UP_MS = 60_000;
const PROBE_BYTES = 1_000_000;
const NEVER = new AbortController().signal;
const MAX_IDS = 1_000;
/** Of folders: ten times what it takes where the machine is idle. */
const longestLookMs = (files: number) => Math.min(600_000, Math.max(10_000, files / 10));

export function createVolumeCalls(http: EngineHttp, paths: VolumePaths): EngineVolumes {
  /** Of containers, by their names. */
  const ids = new Map<string, string>();
  const openFiles = createOpenFiles();
  let adding: Promise<ReadonlyMap<string, number>> | undefined;

  const addUp = async (signal: AbortSignal) => {
    const sizes = await call((limited) => http.read<Sizes>({ method: 'GET', path: '/system/df', signal: limited }), {
      signal,
      limitMs: ADD_UP_MS,
    });
    return new Map((sizes.Volumes ?? []).map(({ Name, UsageData }) => [Name, UsageData?.Size ?? -1]));
  };

  /** For an engine whose disk is not to be seen from here. One answer for all who ask at the same time. */
  const askForUsage = async (names: readonly string[], signal: AbortSignal) => {
    // Its call has its limit; who asked for it first may be gone.
    adding ??= addUp(NEVER).finally(() => {
      adding = undefined;
    });
    const sizes = await within(signal, adding);
    const known = names.map((name) => sizes.get(name) ?? -1);
    return known.some((bytes) => bytes < 0) ? undefined : sumOf(known.map((bytes) => ({ bytes, files: 0 })));
  };

  const idOf = async (name: string, signal: AbortSignal) => {
    const known = ids.get(name);
    if (known !== undefined) return known;
    const look = (limited: AbortSignal) =>
      http.read<{ readonly Id: string }>({ method: 'GET', path: `/containers/${name}/json`, signal: limited });
    const found = await call((limited) => unless([404], look(limited)), { signal, limitMs: LOOK_MS });
    // Names of the containers of jobs don't come again.
    if (ids.size > MAX_IDS) ids.clear();
    if (found) ids.set(name, found.Id);
    return found?.Id;
  };

  /** Undefined if one of them is unknown. */
  const pathsOf = async (names: readonly string[], signal: AbortSignal) => {
    const known = await Promise.all(names.map((name) => paths.of(name, signal)));
    const found = known.filter((path) => path !== undefined);
    return found.length === names.length ? found : undefined;
  };

  /** Undefined if one of them is not to be seen from here. */
  const lookAt = async (names: readonly string[], enough: Room, signal: AbortSignal): Promise<Room | undefined> => {
    const folders = await pathsOf(names, signal);
    if (!folders) return undefined;
    using overdue = limitedTo(longestLookMs(enough.files), signal);
    let sum: Room = { bytes: 0, files: 0 };
    for (const [index, path] of folders.entries()) {
      const left = { bytes: enough.bytes - sum.bytes, files: enough.files - sum.files };
      const what = {
        enough: left,
        leavesOut: holdsOurs(names[index] ?? '') ? ('the owner of the folder' as const) : undefined,
      };
      // Names of volumes are all different: a folder of that path here is that volume.
      const usage = await usageBelow(path, what, overdue.signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (overdue.isOver()) return 'overdue' as const;
        throw error;
      });
      if (usage === 'overdue') return { ...sum, beyond: 'time' };
      if (!usage) return undefined;
      sum = sumOf([sum, usage]);
    }
    return sum;
  };

  const removeVolume = async (name: string, signal: AbortSignal) => {
    const path = await paths.of(name, signal);
    if (path !== undefined && !(await isSlight(path))) {
      using limit = limitedTo(CHANGE_MS, signal);
      await emptyOut(path, limit.signal);
    }
    signal.throwIfAborted();
    paths.forget(name);
    // 409: its container is still being removed, or it is another's, too.
    await call((limited) => unless([404], http.done({ method: 'DELETE', path: `/volumes/${name}`, signal: limited })), {
      signal,
      limitMs: CHANGE_MS,
      other: wontClear,
    });
  };

  const create = (json: object, limited: AbortSignal) =>
    http.done({ method: 'POST', path: '/volumes/create', json, signal: limited });

  return {
    async createVolume(name, labels, signal) {
      await call((limited) => create({ Name: name, Labels: labels }, limited), {
        signal,
        limitMs: CHANGE_MS,
        other: refusedUnlessFull('VOLUME_REFUSED'),
      });
    },

    removeVolume,

    async holdsVolumeSizes(labels, signal) {
      const name = `capstan-probe-${randomBytes(8).toString('hex')}`;
      const options = { Name: name, Labels: labels, DriverOpts: sizeOption(PROBE_BYTES) };
      const made = await call(
        // An engine whose disk has no quotas refuses to make it.
        (limited) =>
          unless(
            [400, 500],
            create(options, limited).then(() => true),
          ),
        { signal, limitMs: CHANGE_MS },
      );
      if (made) await removeVolume(name, signal);
      return made !== undefined;
    },

    async diskUsage(names, enough, signal) {
      return (await lookAt(names, enough, signal)) ?? askForUsage(names, signal);
    },

    async freeBytes(names, signal) {
      const [path] = (await pathsOf(names, signal)) ?? [];
      const disk = path === undefined ? undefined : await statfs(path).catch(() => undefined);
      return disk && disk.bavail * disk.bsize;
    },

    async namelessUsage({ container, volumes: names }, signal) {
      const folders = await pathsOf(names, signal);
      const id = folders && (await idOf(container, signal));
      if (id === undefined || !folders) return undefined;
      const found = await Promise.all(folders.map((path) => stat(path).catch(() => undefined)));
      const devices = new Set(found.flatMap((stats) => (stats ? [stats.dev] : [])));
      const { isBeyond, ...room } = await openFiles.roomOf(id, devices, signal);
      return isBeyond ? { ...room, beyond: 'open-files' } : room;
    },
  };
}

function sumOf(usages: readonly Room[]): Room {
  const sum = (of: (room: Room) => number) => usages.reduce((total, room) => total + of(room), 0);
  return { bytes: sum(({ bytes }) => bytes), files: sum(({ files }) => files) };
}

interface Sizes {
  readonly Volumes: readonly { readonly Name: string; readonly UsageData?: { readonly Size: number } }[] | null;
}
