/**
 * What stands in the working folder of an algorithm whose image names none. Elsewhere such a program works at the root of its image, where
 * it may also write, and published ones rely on both: they open `data/inputs/…`, and an image starts what lies at its root by a bare name.
 */
import { posix } from 'node:path';
import { hasCode } from '@capstan/shared/contract/errors';
import { workingDir, type UsedImage } from '../helpers.ts';
import { DATA } from '../../docker/layout.ts';
import type { EngineContainers } from '../../docker/ports/containers.ts';

/** Of a command line. */
const MAX_NAMES = 16;

/** Names in the working folder that lead to the same name at the root. */
export async function rootedNames(
  engine: Pick<EngineContainers, 'entryAt'>,
  { container, image, home, argv, folders }: Program,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (workingDir(image, home).workingDir !== home) return [];
  const isThere = (name: string) => engine.entryAt(container, `/${name}`, signal).catch(unseen);
  const found = await Promise.all(namesIn(argv).map(async (name) => ((await isThere(name)) ? [name] : [])));
  const isFree = (name: string) => folders.every((folder) => !isAtOrBelow(`${home}/${name}`, folder));
  return [...new Set([DATA.slice(1), ...found.flat()])].filter(isFree);
}

interface Program {
  /** One of its image, which is not started. */
  readonly container: string;
  readonly image: UsedImage;
  readonly home: string;
  readonly argv: readonly string[];
  /** Where there are others, or volumes. */
  readonly folders: readonly string[];
}

/** A job is not refused for the sake of a link. */
function unseen(error: unknown): undefined {
  if (!hasCode(error, 'CONTAINER_REFUSED')) throw error;
}

/** The first parts of the relative paths that a command line may name. A program without a folder is looked for in `PATH`. */
function namesIn([program = '', ...words]: readonly string[]): readonly string[] {
  const named = [
    ...(program.includes('/') ? [program] : []),
    ...words.flatMap((word) => word.split(/[\s"'`;|&<>()=]+/)),
  ];
  const paths = named.filter((word) => /^[\w.]/.test(word)).map((word) => posix.normalize(word));
  const names = paths.map((path) => path.split('/')[0] ?? '').filter((name) => name !== '.' && name !== '..');
  return [...new Set(names)].slice(0, MAX_NAMES);
}

const isAtOrBelow = (folder: string, path: string) => path === folder || path.startsWith(`${folder}/`);
