/**
 * What the algorithm left in its volumes, taken out of the engine's archive. Plain files are read, everything else is listed as
 * skipped, and it ends at the limits of the environment: judged by what an entry says of itself, before a byte of it is read, so that
 * neither a file full of holes nor a million of them takes its time.
 */
import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { Manifest } from '@capstan/shared/contract/manifest';
import { CapstanError, systemCode } from '@capstan/shared/errors';
import { judge } from './entries.ts';
import type { Draft } from './results.ts';

export interface Limits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}

export interface Collected {
  readonly skipped: Manifest['skipped'];
  /** One sentence if the outputs went beyond a limit; those that fit are in the draft. */
  readonly exceeded: string | undefined;
}

const GB = 1_000_000_000;
/** Folders, links and whatever else is no result, but has to be read past. */
const MAX_OTHERS = 10_000;
/** More would only swell the manifest. */
const MAX_SKIPPED = 200;

/** Reads an archive whose top folder holds `outputs` and `logs`. `onBytes` hears of what is taken. Throws OUTPUTS_UNREADABLE. */
export async function collect(
  archive: Readable,
  draft: Draft,
  { limits, onBytes }: { limits: Limits; onBytes: (bytes: number) => void },
): Promise<Collected> {
  const skipped = createSkipped();
  const names = new Set<string>();
  const seen = { files: 0, others: 0, bytes: 0 };
  let exceeded: string | undefined;

  const entries = extract();
  archive.on('error', (error) => entries.destroy(error));
  archive.pipe(entries);
  try {
    for await (const entry of entries) {
      const verdict = judge(entry.header);
      // What is skipped has to be read past as well.
      seen.bytes += entry.header.size ?? 0;
      seen[verdict.kind === 'file' ? 'files' : 'others'] += 1;
      exceeded = excess(seen, limits);
      if (exceeded !== undefined) break;
      const isDouble = verdict.kind === 'file' && names.has(keyOf(verdict.file));
      if (isDouble) skipped.add(verdict.file.filename, 'a name that is there already');
      if (verdict.kind === 'file' && !isDouble) {
        names.add(keyOf(verdict.file));
        await draft.add(verdict.file, counted(entry as AsyncIterable<Buffer>, onBytes));
        continue;
      }
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
  return { skipped: skipped.list(), exceeded };
}

async function* counted(body: AsyncIterable<Buffer>, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    onBytes(chunk.length);
    yield chunk;
  }
}

const keyOf = ({ filename, type }: { filename: string; type: string }) => `${type}/${filename}`;

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
