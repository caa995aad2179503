/**
 * What the algorithm left in its volumes, taken out of the engine's archive. Plain files are read, everything else is listed as
 * skipped, and it ends at the limits of the environment: judged by what an entry says of itself, before a byte of it is read, so that
 * neither a file full of holes nor a million of them takes its time.
 */
import type { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import type { Manifest } from '@capstan/shared/results/manifest';
import { CapstanError, systemCode } from '@capstan/shared/contract/errors';
import { GB } from '@capstan/shared/contract/sizes';
import { judge, type Entry } from './entries.ts';
import type { Draft, NewFile } from './results.ts';

export interface Limits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}

export interface Collected {
  readonly skipped: Manifest['skipped'];
  /** One sentence if the outputs went beyond a limit; those that fit are in the draft. */
  readonly exceeded: string | undefined;
}

/** Folders, links and whatever else is no result, but has to be read past. */
const MAX_OTHERS = 10_000;
/** More would only swell the manifest. */
const MAX_SKIPPED = 200;

interface Collecting {
  readonly limits: Limits;
  readonly onBytes: (bytes: number) => void;
  /** The archive of one path below the top folder alone: there, a file with several names is a file. */
  readonly reopen?: (path: string) => Promise<Readable>;
}

/** One archive whose top folder holds `outputs` and `logs`, or archives whose top folders these are, each opened when it is its turn. */
export type Archives = Readable | readonly (() => Promise<Readable>)[];

/** `onBytes` hears of what is taken. Throws OUTPUTS_UNREADABLE. */
export async function collect(
  archives: Archives,
  draft: Draft,
  { limits, onBytes, reopen }: Collecting,
): Promise<Collected> {
  const skipped = createSkipped();
  const names = createNames();
  const seen = { files: 0, others: 0, bytes: 0 };
  const links: { readonly path: string; readonly file: NewFile; readonly otherwise: NewFile }[] = [];
  let exceeded: string | undefined;

  const read = async (archive: Readable, { judged, nameOf = (name) => name, isCounted = true }: Reading) => {
    const source = { failed: false };
    const entries = extract();
    // Whoever iterates is told; without a listener of its own, each of them would end the process.
    entries.on('error', () => undefined);
    archive.on('error', (error) => entries.destroy(error));
    archive.pipe(entries);
    try {
      for await (const entry of entries) {
        entry.on('error', () => undefined);
        const header = { ...entry.header, name: nameOf(entry.header.name) };
        const verdict = judged(header);
        // What is skipped has to be read past as well.
        seen.bytes += header.size ?? 0;
        // A link to a file may be one: each is asked of the engine, so there are no more of them than of files.
        if (isCounted) seen[verdict.kind === 'file' || verdict.kind === 'link' ? 'files' : 'others'] += 1;
        exceeded = excess(seen, limits);
        if (exceeded !== undefined) break;
        const file = verdict.kind === 'file' ? names.take(verdict) : undefined;
        if (file) {
          await added(draft.add(file, counted(entry as AsyncIterable<Buffer>, { onBytes, source })), source);
          continue;
        }
        if (verdict.kind === 'file') skipped.add(verdict.file.filename, 'a name that is there already');
        if (verdict.kind === 'link') links.push({ ...verdict, path: header.name.replace(/^[^/]*\//, '') });
        if (verdict.kind === 'skipped') skipped.add(verdict.name, verdict.reason);
        entry.resume();
      }
    } catch (error) {
      // The reader of archives has no codes; whoever writes the results has.
      if (error instanceof CapstanError || systemCode(error) !== undefined) throw error;
      throw new CapstanError('OUTPUTS_UNREADABLE', 'The engine gave no complete archive of the outputs.', {
        cause: error,
      });
    } finally {
      // As long as somebody may read on, the engine keeps the container to that reader.
      archive.destroy();
    }
  };

  if (isList(archives)) {
    for (const open of archives) {
      if (exceeded === undefined) await read(await open(), { judged: judge, nameOf: (name) => `./${name}` });
    }
  } else {
    await read(archives, { judged: judge });
  }
  for (const { path, file, otherwise } of links) {
    if (exceeded !== undefined) break;
    const asFile = ({ type }: Header): Entry =>
      type === 'file'
        ? { kind: 'file', file, otherwise }
        : { kind: 'skipped', name: path, reason: 'a link to no file' };
    if (reopen) await read(await reopen(path), { judged: asFile, isCounted: false });
    else skipped.add(path, 'another name of a file');
  }
  return { skipped: skipped.list(), exceeded };
}

interface Reading {
  readonly judged: (header: Header) => Entry;
  readonly nameOf?: (name: string) => string;
  /** Its entries were not counted before. */
  readonly isCounted?: boolean;
}

const isList = (archives: Archives): archives is readonly (() => Promise<Readable>)[] => Array.isArray(archives);

/** Whether it was the archive that broke off. */
interface Source {
  failed: boolean;
}

async function* counted(
  body: AsyncIterable<Buffer>,
  { onBytes, source }: { readonly onBytes: (bytes: number) => void; readonly source: Source },
): AsyncGenerator<Buffer> {
  let isHere = false;
  try {
    for await (const chunk of body) {
      onBytes(chunk.length);
      isHere = true;
      yield chunk;
      isHere = false;
    }
  } catch (error) {
    source.failed ||= !isHere;
    throw error;
  }
}

/** What the place of the results fails with, in whatever words, is not the engine's. */
async function added(adding: Promise<void>, source: Source): Promise<void> {
  try {
    await adding;
  } catch (error) {
    if (source.failed || error instanceof CapstanError) throw error;
    throw new CapstanError('RESULTS_UNWRITABLE', 'The results could not be written.', { cause: error });
  }
}

/** Each name once. Where both folders have a file of one name, the later is called by its folder, too. */
function createNames() {
  const paths = new Set<string>();
  const taken = new Set<string>();
  return {
    take({ file, otherwise }: Extract<Entry, { kind: 'file' }>): NewFile | undefined {
      if (paths.has(otherwise.filename)) return undefined;
      paths.add(otherwise.filename);
      const free = [file, otherwise].find(({ filename }) => !taken.has(filename));
      if (free) taken.add(free.filename);
      return free;
    },
  };
}

function excess(
  { files, others, bytes }: { files: number; others: number; bytes: number },
  { maxFiles, maxBytes }: Limits,
): string | undefined {
  if (bytes > maxBytes) return `The outputs are larger than ${maxBytes / GB} GB, the limit of this environment.`;
  if (files > maxFiles) return `There are more than ${maxFiles} output files, the limit of this node.`;
  if (others > MAX_OTHERS) {
    return `There are more than ${MAX_OTHERS} folders, links and other special files in the outputs, the limit of this node.`;
  }
  return undefined;
}

function createSkipped() {
  const listed: { name: string; reason: string }[] = [];
  let unlisted = 0;
  return {
    add(name: string, reason: string): void {
      if (listed.length < MAX_SKIPPED) listed.push({ name, reason });
      else unlisted += 1;
    },
    list: () => (unlisted === 0 ? listed : [...listed, { name: '…', reason: `and ${unlisted} more` }]),
  };
}
