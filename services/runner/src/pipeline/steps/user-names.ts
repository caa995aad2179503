/** A name for the job's user: libraries ask for one, and some fail where the system knows none. The image's own lines stay. */
import { hasCode } from '@capstan/shared/errors';
import { namesOf } from '../../docker/names.ts';
import type { Attempt } from '../attempt.ts';
import { coversFor, type UsedImage } from '../helpers.ts';
import { ETC, HOME } from '../layout.ts';

/** Some images name ten thousand users. */
const MAX_BYTES = 2_000_000;
const NAME = 'job';

/** The files to be written in place of the image's, by their names. */
export async function namesOfUser(
  { engine, identity, limits }: Pick<Attempt, 'engine' | 'identity' | 'limits'>,
  image: UsedImage,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const names = namesOf(identity);
  if (!coversFor(names, image).some(({ volume }) => volume === names.volumes.etc)) return {};
  const { uid } = limits;
  const wanted = {
    passwd: `${NAME}:x:${uid}:${uid}:${NAME}:${HOME}:/bin/sh`,
    group: `${NAME}:x:${uid}:`,
  };
  const written = Object.entries(wanted).map(async ([file, line]): Promise<readonly [string, string][]> => {
    const path = `/${ETC}/${file}`;
    const found = await engine.readText(names.files, { path, maxBytes: MAX_BYTES }, signal).catch(unread);
    // What is a link, or larger than anybody's, stays as it is.
    if (found && found.text === undefined) return [];
    return [[file, withLine(found?.text ?? '', { id: uid, line })]];
  });
  return Object.fromEntries((await Promise.all(written)).flat());
}

/** A job is not refused for the sake of a name. */
function unread(error: unknown): { readonly text?: string } {
  if (hasCode(error, 'CONTAINER_REFUSED')) return {};
  throw error;
}

/** In both files the third field is the number. An image that names it itself knows better. */
function withLine(text: string, { id, line }: { readonly id: number; readonly line: string }): string {
  const lines = text.split('\n').filter((each) => each !== '');
  const isNamed = lines.some((each) => each.split(':')[2] === String(id));
  return `${(isNamed ? lines : [...lines, line]).join('\n')}\n`;
}
