/**
 * What an engine itself reads of an image, before it starts a container of it and when it packs files of one: `/etc/passwd` and
 * `/etc/group`. Docker opens them as they are, under the container's lock: a named pipe in their place is waited for without end, by
 * whoever asked and by all that is asked of the container afterwards. So they are looked at before, from outside, in the container that
 * is never started.
 */
import { CapstanError } from '@capstan/shared/contract/errors';
import type { HelperSpec, PathEntry } from '../../docker/ports/containers.ts';
import { retryWhileUnavailable, retryWhileRefused } from '../../docker/retry-while-unavailable.ts';
import { namesOf } from '../../docker/names.ts';
import type { Attempt } from '../attempt.ts';
import { filesSpec, type UsedImage } from '../helpers.ts';
import { createNamesOfUser, type NamesOfUser } from './user-names.ts';

const FOLDER = '/etc';
const FILES = ['/etc/passwd', '/etc/group'];
/** The engine reads all of it. */
const MAX_BYTES = 10_000_000;
/** Images that were looked at and are fine. */
const MAX_KNOWN = 1_000;

export interface UserFiles {
  /** Throws CONTAINER_REFUSED where the engine should not read them. The files container is there, and afterwards it is again. */
  require(attempt: Attempt, image: UsedImage, signal: AbortSignal): Promise<void>;
  /** Those to be written in their place, by their names; none where the image keeps its own. */
  readonly named: NamesOfUser;
}

export function createUserFiles(): UserFiles {
  const known = new Set<string>();
  return {
    named: createNamesOfUser(),
    async require(attempt, image, signal) {
      if (known.has(image.id)) return;
      if (!(await areFine(attempt, image, signal))) throw refused();
      // An image is what its id says.
      if (known.size >= MAX_KNOWN) known.clear();
      known.add(image.id);
    },
  };
}

async function areFine(attempt: Attempt, image: UsedImage, signal: AbortSignal): Promise<boolean> {
  const { engine, identity, log } = attempt;
  const { files, volumes } = namesOf(identity);
  const patience = { signal, log };
  const spec = filesSpec(attempt, image);
  const lookAt = (path: string) => retryWhileUnavailable(() => engine.entryAt(files, path, signal), patience);
  const make = (container: HelperSpec) =>
    retryWhileRefused('CONTAINER_REFUSED', () => engine.createContainer(container, signal), patience);
  // Ours is made of what the image has there, less what the engine leaves out when it copies: a pipe would not be seen.
  const bare = { ...spec, mounts: spec.mounts.filter(({ volume }) => volume !== volumes.etc) };
  await make(bare);
  const verdict = await judge(
    lookAt,
    bare.mounts.map(({ target }) => target),
  );
  if (verdict !== 'linked') {
    await make(spec);
    return verdict === 'fine';
  }
  // A volume on the way of a link hides where it leads: it is followed in a container that has none.
  if (image.settings.volumes.length > 0) return false;
  await make({ ...spec, mounts: [] });
  const areLinksFine = await leadToFiles(lookAt);
  await make(spec);
  return areLinksFine;
}

type LookAt = (path: string) => Promise<PathEntry | undefined>;

/** Exported for tests, as the next one. `mounts` hide what the image has there. */
export async function judge(lookAt: LookAt, mounts: readonly string[]): Promise<'fine' | 'refused' | 'linked'> {
  const isHidden = (path: string) => mounts.some((target) => path === target || path.startsWith(`${target}/`));
  if ([FOLDER, ...FILES].some(isHidden)) return 'refused';
  const folder = await lookAt(FOLDER);
  if (folder === undefined) return 'fine';
  if (folder.kind !== 'folder') return 'refused';
  const found = [];
  for (const path of FILES) found.push(await lookAt(path));
  const areModest = found.every((entry) => entry?.kind === 'link' || isModest(entry));
  if (!areModest) return 'refused';
  return found.some((entry) => entry?.kind === 'link') ? 'linked' : 'fine';
}

/** As in images made by Nix. The engine says where a link leads in the end. */
export async function leadToFiles(lookAt: LookAt): Promise<boolean> {
  for (const path of FILES) {
    const entry = await lookAt(path);
    const end = entry?.kind === 'link' ? await lookAt(entry.target) : entry;
    if (!isModest(end)) return false;
  }
  return true;
}

const isModest = (entry: PathEntry | undefined) =>
  entry === undefined || (entry.kind === 'file' && entry.sizeBytes <= MAX_BYTES);

const refused = () =>
  new CapstanError(
    'CONTAINER_REFUSED',
    'The image can not be used: its /etc/passwd and /etc/group have to be plain files, where it has them.',
  );
