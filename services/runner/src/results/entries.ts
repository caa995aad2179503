/** What an entry of the engine's archive may be, PURE. Nothing in there is trusted: only plain files with harmless names are read. */
import type { Header } from 'tar-stream';
import { ALGORITHM_LOG, isOwnName } from './order.ts';
import type { NewFile } from './results.ts';

/** Of the path below the outputs: what file systems, headers and archives of others can take. */
const MAX_NAME_BYTES = 255;
/** Folders around a file. Beyond a path of 4,096 bytes, which nested folders reach, an engine leaves out what is there without a word. */
const MAX_DEPTH = 32;
/** Of such a folder. A name has 255 bytes at most, and the engine has a path of its own before it: each that is too long is still seen. */
const MAX_FOLDER_BYTES = 2_048;

export type Entry =
  | ({ readonly kind: 'file' } & Named)
  /** Another name of a file that came before, which the archive holds once. */
  | ({ readonly kind: 'link' } & Named)
  | { readonly kind: 'folder' }
  | { readonly kind: 'skipped'; readonly name: string; readonly reason: string };

interface Named {
  readonly file: NewFile;
  /** Under which it is taken where its own name is taken, by one of the other folder or by the node. */
  readonly otherwise: NewFile;
}

export function judge(header: Pick<Header, 'name' | 'type'>): Entry {
  // Folders end in a slash.
  const [, folder, ...path] = header.name.replace(/\/$/, '').split('/');
  const verdict = judgePath(path.join('/'), { path, folder, type: header.type });
  return typeof verdict === 'string'
    ? { kind: 'skipped', name: printable(header.name.replace(/^[^/]*\//, '')), reason: verdict }
    : verdict;
}

/** The reason if it is skipped. */
function judgePath(
  filename: string,
  { path, folder, type }: { path: readonly string[]; folder: string | undefined; type: Header['type'] },
): Entry | string {
  if (type === 'directory') {
    if (path.length > MAX_DEPTH) return tooDeep;
    return Buffer.byteLength(filename) > MAX_FOLDER_BYTES ? tooLong : { kind: 'folder' };
  }
  if (type !== 'file' && type !== 'contiguous-file' && type !== 'link') return `not a plain file: ${type ?? 'unknown'}`;
  if (filename === '' || path.some((part) => part === '' || part === '.' || part === '..')) {
    return 'not a path inside the outputs';
  }
  if (path.length - 1 > MAX_DEPTH) return tooDeep;
  if (Buffer.byteLength(filename) > MAX_NAME_BYTES) return `name longer than ${MAX_NAME_BYTES} bytes`;
  // What is no UTF-8 was replaced on the way, so that two such names may be one now.
  if (filename.includes('\ufffd')) return 'name that is not UTF-8';
  if (UNPRINTABLE.test(filename)) return 'control characters in the name';
  // On other systems it leads into folders, and out of them.
  if (filename.includes('\\')) return 'backslash in the name';
  const kind = type === 'link' ? 'link' : 'file';
  if (folder !== 'outputs' && folder !== 'logs') return 'not in the outputs';
  if (folder === 'logs' && filename === ALGORITHM_LOG) return 'the name is taken by the log of the algorithm';
  const otherwise = { filename: `${folder}/${filename}`, type: 'output' } as const;
  return { kind, file: isOwnName(filename) ? otherwise : { filename, type: 'output' }, otherwise };
}

const tooLong = `path longer than ${MAX_FOLDER_BYTES} bytes: what lies deeper may be missing`;
const tooDeep = `more than ${MAX_DEPTH} folders deep`;

/** Control characters, line ends, and marks that make a name read as another one. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** A name as it may be shown. */
function printable(name: string): string {
  return name.slice(0, MAX_NAME_BYTES).replace(new RegExp(UNPRINTABLE, 'g'), '\ufffd').toWellFormed();
}
