/**
 * For each archive that an engine unpacks or packs, it begins a process of its own: fifty milliseconds of a processor, as much as all else
 * that the node does for a job. Where the engine's volumes lie on this machine, and what goes in or comes out is little and plain, it is
 * written and read in its place (decision 0048). Everything else goes through the engine: volumes elsewhere, a runner that is not root, what
 * is large, links, pipes, odd names, and whatever an earlier life of the runner has made.
 */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import { systemCode } from '@capstan/shared/contract/errors';
import { unavailable } from './answers.ts';
import type { Engine } from './engine.ts';
import { readMask, readPlain, writePlain, type NewEntry, type PlainEntry } from './plain-files.ts';
import type { ContainerSpec, VolumeMount } from './ports/containers.ts';
import { beginningOf } from './beginning.ts';
import type { VolumePaths } from './volume-paths.ts';

/** More than this, the engine packs and unpacks faster. */
const MAX_BYTES = 1_000_000;
const MAX_ENTRIES = 200;

interface AtHand {
  readonly volumes: VolumePaths;
  /** Who may not give files away leaves them to the engine. */
  readonly isRoot: boolean;
}

export function filesAtHand(engine: Engine, { volumes, isRoot }: AtHand): Engine {
  if (!isRoot) return engine;
  const mounts = new Map<string, readonly VolumeMount[]>();
  let mask: Promise<number> | undefined;

  /** Volumes below a folder of a container that was made in this life, with where they lie. */
  const below = async (container: string, folder: string, signal: AbortSignal) => {
    const found = (mounts.get(container) ?? []).filter(({ target }) => target.startsWith(`${folder}/`));
    // One within another, where an image wants it: the engine puts them together.
    if (found.some((one) => found.some(({ target }) => one.target.startsWith(`${target}/`)))) return [];
    return Promise.all(
      found.map(async ({ volume, target }) => ({
        name: target.slice(folder.length + 1),
        path: await volumes.of(volume, signal),
      })),
    );
  };

  return {
    ...engine,
    async createContainer(spec, signal) {
      await engine.createContainer(spec, signal);
      note(mounts, spec);
    },
    async removeContainer(name, signal) {
      mounts.delete(name);
      await engine.removeContainer(name, signal);
    },
    async putArchive(name, path, tar, signal) {
      const places = await below(name, path, signal);
      if (places.length === 0) return engine.putArchive(name, path, tar, signal);
      const { bytes, isWhole } = await beginningOf(tar, MAX_BYTES, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        // As the engine would say it: whoever made the archive says what broke.
        throw unavailable(error);
      });
      if (isWhole && (await unpacked(bytes, places, await (mask ??= readMask())))) return undefined;
      signal.throwIfAborted();
      const rest = isWhole ? Readable.from([bytes], { objectMode: false }) : tar;
      if (!isWhole) tar.unshift(bytes);
      return engine.putArchive(name, path, rest, signal);
    },
    async getArchive(name, path, signal) {
      const found = await packed(path, await below(name, path, signal));
      signal.throwIfAborted();
      return found ?? engine.getArchive(name, path, signal);
    },
  };
}

/** Of the one that is never started: only in there are all volumes of a job below one folder. */
function note(mounts: Map<string, readonly VolumeMount[]>, { name, mounts: own, confinement }: ContainerSpec): void {
  if (!confinement) mounts.set(name, own);
}

interface Place {
  /** In the archive. */
  readonly name: string;
  readonly path: string | undefined;
}

/** Whether all of an archive is in its places. */
async function unpacked(tar: Buffer, places: readonly Place[], mask: number): Promise<boolean> {
  const entries = await entriesOf(tar);
  const shares = new Map<string, NewEntry[]>();
  for (const entry of entries ?? []) {
    const place = placeOf(entry.path.join('/'), places);
    if (place?.path === undefined) return false;
    const inside = { ...entry, path: entry.path.slice(place.name.split('/').length) };
    shares.set(place.path, [...(shares.get(place.path) ?? []), inside]);
  }
  if (!entries) return false;
  return hereOrNot(async () => {
    const written = await Promise.all([...shares].map(([path, share]) => writePlain(path, share, mask)));
    return written.every((one) => one === 'written');
  }, false);
}

const placeOf = (path: string, places: readonly Place[]): Place | undefined =>
  places.find(({ name }) => path === name || path.startsWith(`${name}/`));

/** Undefined where it holds more, or else, than is written here. */
async function entriesOf(tar: Buffer): Promise<readonly NewEntry[] | undefined> {
  const found: NewEntry[] = [];
  const entries = extract();
  Readable.from([tar], { objectMode: false }).pipe(entries);
  for await (const entry of entries) {
    const { name, type, mode, uid, gid, linkname } = entry.header;
    const path = name.replace(/\/$/, '').split('/');
    const bytes = await buffer(entry);
    if (found.length >= MAX_ENTRIES || uid !== gid || path.some((part) => ODD.includes(part))) return undefined;
    if (type === 'directory') found.push({ kind: 'folder', path, mode, uid });
    else if (type === 'file') found.push({ kind: 'file', path, mode, uid, bytes });
    else if (type === 'symlink' && linkname) found.push({ kind: 'link', path, target: linkname, uid });
    else return undefined;
  }
  return found;
}

const ODD: readonly string[] = ['', '.', '..'];

/** What lies in these places, as the engine would pack it. */
async function packed(folder: string, places: readonly Place[]): Promise<Readable | undefined> {
  if (places.length === 0) return undefined;
  const room = { bytes: MAX_BYTES, entries: MAX_ENTRIES };
  const top = folder.slice(folder.lastIndexOf('/') + 1);
  const found: PlainEntry[] = [];
  for (const { name, path } of places.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const entries = path === undefined ? undefined : await hereOrNot(() => readPlain(path, room), undefined);
    if (!entries) return undefined;
    for (const entry of entries) found.push({ ...entry, path: [top, ...name.split('/'), ...entry.path] });
  }
  const archive = pack();
  for (const entry of found) {
    const { mode, uid } = entry;
    const name = entry.path.join('/');
    if (entry.kind === 'folder') archive.entry({ name: `${name}/`, type: 'directory', mode, uid, gid: uid });
    else archive.entry({ name, mode, uid, gid: uid }, entry.bytes);
  }
  archive.finalize();
  return archive as unknown as Readable;
}

/** A file system that says no is a reason to ask the engine. */
async function hereOrNot<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return otherwise;
  }
}
