/**
 * A name for the job's user: libraries ask for one, and some fail where the system knows none. The image's own lines stay. Where one of
 * the files is a link, a file takes its place: what starts a container reads it with everything mounted, as root, and waits for whatever
 * a link leads to then, such as `/proc/kmsg`, without end.
 */
import { hasCode } from '@capstan/shared/contract/errors';
import { createRecent } from '@capstan/shared/runtime/recent';
import { namesOf } from '../../docker/names.ts';
import type { Attempt } from '../attempt.ts';
import { coversFor, type UsedImage } from '../helpers.ts';
import { ETC, HOME } from '../../docker/layout.ts';

/** Some images name ten thousand users. */
const MAX_BYTES = 2_000_000;
const NAME = 'job';

/** Of images that were read: what the engine packs of one takes longer than making its containers. */
const MOST_KEPT = 200;
const MAX_KEPT_BYTES = 16_000_000;
/** A line of ours, which a job of before was given. */
const OURS = new RegExp(`^${NAME}:x:\\d+:(\\d+:${NAME}:${HOME}:/bin/sh)?$`);

/** What the engine does not let anybody read now, it may later. */
const REFUSED: { readonly text?: string } = {};

type Found = Readonly<Record<'passwd' | 'group', { readonly text?: string } | undefined>>;

/** The files to be written in place of the image's, by their names. */
export type NamesOfUser = (
  attempt: Pick<Attempt, 'engine' | 'identity' | 'limits'>,
  image: UsedImage,
  signal: AbortSignal,
) => Promise<Readonly<Record<string, string>>>;

export function createNamesOfUser(): NamesOfUser {
  // An image is what its id says.
  const kept = createRecent<string, Found>(MOST_KEPT, { maxBytes: MAX_KEPT_BYTES, bytesOf });

  const find = async ({ engine }: Pick<Attempt, 'engine'>, files: string, signal: AbortSignal): Promise<Found> => {
    const textAt = (path: string) => engine.readText(files, { path, maxBytes: MAX_BYTES }, signal).catch(unread);
    const read = async (file: string) => {
      const path = `/${ETC}/${file}`;
      const entry = await engine.entryAt(files, path, signal);
      if (entry?.kind !== 'link') return textAt(path);
      return { text: (await textAt(entry.target))?.text ?? '' };
    };
    const [passwd, group] = await Promise.all([read('passwd'), read('group')]);
    return { passwd, group };
  };

  return async (attempt, image, signal) => {
    const { identity, limits } = attempt;
    const names = namesOf(identity);
    if (!coversFor(names, image).some(({ volume }) => volume === names.volumes.etc)) return {};
    const found = kept.get(image.id) ?? (await find(attempt, names.files, signal));
    if (Object.values(found).every((file) => file !== REFUSED)) kept.set(image.id, found);
    const { uid } = limits;
    return {
      ...withLine('passwd', found.passwd, { id: uid, line: `${NAME}:x:${uid}:${uid}:${NAME}:${HOME}:/bin/sh` }),
      ...withLine('group', found.group, { id: uid, line: `${NAME}:x:${uid}:` }),
    };
  };
}

const bytesOf = ({ passwd, group }: Found) => (passwd?.text?.length ?? 0) + (group?.text?.length ?? 0);

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
