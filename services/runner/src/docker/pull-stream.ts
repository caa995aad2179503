/** What the engine tells while it pulls: a line of JSON for each step of each layer, and its failure as the last one. */
import type { Readable } from 'node:stream';
import type { LayerNote } from './ports/images.ts';

interface Line {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

/** Resolves when the pull is done. Rejects with the engine's words if it failed, and as the stream does if that breaks. */
export async function followPull(stream: Readable, onLayer: (note: LayerNote) => void): Promise<void> {
  for await (const line of linesOf(stream)) {
    const said = JSON.parse(line) as Line;
    // In place of a status, which was 200 before it began.
    if (said.error !== undefined) throw Object.assign(new Error(said.error), { statusCode: 500 });
    const note = noteOf(said);
    if (note) onLayer(note);
  }
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
  if (rest.trim() !== '') yield rest;
}

function noteOf({ id, status, progressDetail }: Line): LayerNote | undefined {
  if (id === undefined) return undefined;
  switch (status) {
    case 'Pulling fs layer':
      return { layer: id, phase: 'waiting' };
    case 'Waiting':
      return { layer: id, phase: 'queued' };
    case 'Downloading':
      return {
        layer: id,
        phase: 'downloading',
        doneBytes: progressDetail?.current ?? 0,
        totalBytes: positive(progressDetail?.total),
      };
    case 'Verifying Checksum':
    case 'Download complete':
    case 'Extracting':
    case 'Pull complete':
    case 'Already exists':
      return { layer: id, phase: 'downloaded' };
    default:
      return undefined;
  }
}

/** The engine says 0 or -1 where the registry did not tell. */
const positive = (size: number | undefined) => (size !== undefined && size > 0 ? size : undefined);
