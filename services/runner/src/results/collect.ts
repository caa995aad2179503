/**
 * What the algorithm left in its volumes, taken out of the engine's archive. Nothing in there is trusted: only plain files are read,
 * everything else is listed as skipped, and it ends at the limits of the environment.
 */
import type { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import type { Manifest } from '@capstan/shared/contract/manifest';
import { ALGORITHM_LOG } from './order.ts';
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

const GB = 1_000_000_000;
const MAX_NAME_BYTES = 255;
/** More would only swell the manifest. */
const MAX_SKIPPED = 200;

/** Reads an archive whose top folder holds `outputs` and `logs`. */
export async function collect(archive: Readable, draft: Draft, limits: Limits): Promise<Collected> {
  const skipped: { name: string; reason: string }[] = [];
  const skip = (name: string, reason: string) => {
    if (skipped.length < MAX_SKIPPED) skipped.push({ name: name.slice(0, MAX_NAME_BYTES), reason });
  };
  let files = 0;
  let bytes = 0;
  let exceeded: string | undefined;

  const entries = extract();
  archive.on('error', (error) => entries.destroy(error));
  archive.pipe(entries);
  try {
    for await (const entry of entries) {
      const verdict = judge(entry.header);
      if (verdict.kind === 'file') {
        files += 1;
        bytes += entry.header.size ?? 0;
        exceeded = excess({ files, bytes }, limits);
        if (exceeded !== undefined) break;
        await draft.add(verdict.file, entry as AsyncIterable<Buffer>);
        continue;
      }
      if (verdict.kind === 'skipped') skip(entry.header.name, verdict.reason);
      entry.resume();
    }
  } finally {
    // As long as somebody may read on, the engine keeps the container to that reader.
    archive.destroy();
  }
  return { skipped, exceeded };
}

function excess(
  { files, bytes }: { files: number; bytes: number },
  { maxFiles, maxBytes }: Limits,
): string | undefined {
  if (bytes > maxBytes) return `The outputs are larger than ${maxBytes / GB} GB, the limit of this environment.`;
  if (files > maxFiles) return `There are more than ${maxFiles} output files, the limit of this node.`;
  return undefined;
}

type Verdict =
  | { readonly kind: 'file'; readonly file: NewFile }
  | { readonly kind: 'folder' }
  | { readonly kind: 'skipped'; readonly reason: string };

const skippedBecause = (reason: string): Verdict => ({ kind: 'skipped', reason });

function judge({ name, type }: Header): Verdict {
  const [, folder, ...path] = name.split('/');
  if (type === 'directory') return { kind: 'folder' };
  if (type !== 'file' && type !== 'contiguous-file') return skippedBecause(`not a plain file: ${type ?? 'unknown'}`);
  const filename = path.join('/');
  if (filename === '' || path.some((part) => part === '' || part === '.' || part === '..')) {
    return skippedBecause('not a path inside the outputs');
  }
  if (Buffer.byteLength(filename) > MAX_NAME_BYTES) return skippedBecause(`name longer than ${MAX_NAME_BYTES} bytes`);
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(filename)) return skippedBecause('control characters in the name');
  if (folder === 'outputs') return { kind: 'file', file: { filename, type: 'output' } };
  if (folder !== 'logs') return skippedBecause('not in the outputs');
  if (filename === ALGORITHM_LOG) return skippedBecause('the name is taken by the log of the algorithm');
  return { kind: 'file', file: { filename, type: 'algorithmLog' } };
}
