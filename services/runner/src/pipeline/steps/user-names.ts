/**
 * A name for the job's user: libraries ask for one, and some fail where the system knows none. The image's own lines stay. Where one of
 * the files is a link, a file takes its place: what starts a container reads it with everything mounted, as root, and waits for whatever
 * a link leads to then, such as `/proc/kmsg`, without end.
 */
import { LRUCache } from 'lru-cache';
import { hasCode } from '@capstan/shared/contract/errors';
import { volumePaths, type UsedImage } from '../helpers.ts';
import { FILTER_HOME, hasOwnEtc, HOME } from '../../docker/layout.ts';
import type { EngineContainers } from '../../docker/ports/containers.ts';

/** Some images name ten thousand users. */
const MAX_BYTES = 2_000_000;
const NAME = 'job';

/** Of images that were read: what the engine packs of one takes longer than making its containers. */
const MOST_KEPT = 200;
const MAX_KEPT_BYTES = 16_000_000;
/** A line of ours, which a job of before was given. */
const OURS = new RegExp(`^${NAME}:x:\\d+:(\\d+:${NAME}:(${HOME}|${FILTER_HOME}):/bin/sh)?$`);

/** What the engine does not let anybody read now, it may later. */
const REFUSED: { readonly text?: string } = {};

type Found = Readonly<Record<'passwd' | 'group', { readonly text?: string } | undefined>>;

/** The files to be written in place of the image's, by their names. */
export type NamesOfUser = (engine: Reader, of: User, signal: AbortSignal) => Promise<Readonly<Record<string, string>>>;

type Reader = Pick<EngineContainers, 'readText' | 'entryAt'>;

interface User {
  /** One of the image, which is not started. */
  readonly container: string;
  readonly image: UsedImage;
  readonly home: string;
  readonly uid: number;
}

export function createNamesOfUser(): NamesOfUser {
  // An image is what its id says.
  const kept = new LRUCache<string, Found>({ max: MOST_KEPT, maxSize: MAX_KEPT_BYTES, sizeCalculation: bytesOf });

  const find = async (engine: Reader, container: string, signal: AbortSignal): Promise<Found> => {
    const textAt = (path: string) => engine.readText(container, { path, maxBytes: MAX_BYTES }, signal).catch(unread);
    const read = async (file: string) => {
      const path = `/etc/${file}`;
      const entry = await engine.entryAt(container, path, signal);
      if (entry?.kind !== 'link') return textAt(path);
      return { text: (await textAt(entry.target))?.text ?? '' };
    };
    const [passwd, group] = await Promise.all([read('passwd'), read('group')]);
    return { passwd, group };
  };

  return async (engine, { container, image, home, uid }, signal) => {
    if (hasOwnEtc(volumePaths(image))) return {};
    const found = kept.get(image.id) ?? (await find(engine, container, signal));
    if (Object.values(found).every((file) => file !== REFUSED)) kept.set(image.id, found);
    return {
      ...withLine('passwd', found.passwd, { id: uid, line: `${NAME}:x:${uid}:${uid}:${NAME}:${home}:/bin/sh` }),
      ...withLine('group', found.group, { id: uid, line: `${NAME}:x:${uid}:` }),
    };
  };
}

const bytesOf = ({ passwd, group }: Found) => 1 + (passwd?.text?.length ?? 0) + (group?.text?.length ?? 0);

/** A job is not refused for the sake of a name: what can not be read stays as it is. */
function unread(error: unknown): typeof REFUSED {
  if (!hasCode(error, 'CONTAINER_REFUSED')) throw error;
  return REFUSED;
}

/** In both files the third field is the number. An image that names it itself knows better; what is larger than anybody's stays as it is. */
function withLine(
  file: string,
  found: { readonly text?: string } | undefined,
  { id, line }: { readonly id: number; readonly line: string },
): Readonly<Record<string, string>> {
  if (found && found.text === undefined) return {};
  const lines = (found?.text ?? '').split('\n').filter((each) => each !== '' && !OURS.test(each));
  const isNamed = lines.some((each) => each.split(':')[2] === String(id));
  return { [file]: `${(isNamed ? lines : [...lines, line]).join('\n')}\n` };
}
