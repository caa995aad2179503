/**
 * The log of one attempt on the runner's disk, written while the algorithm runs. `text` holds its bytes as they are published; `index`
 * says, a line for some hundred bytes of text or more, which of them are of which stream and how far the engine's log has been read. A
 * runner that dies leaves a little text at most of which the index knows nothing: it is dropped, and read again from the engine.
 */
import { open, mkdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { CapstanError, messageOf, systemCode } from '@capstan/shared/contract/errors';
import type { LogFrame } from '../docker/ports/containers.ts';
import { addToLog, type Addition, type LogLimits, type LogState } from './log-state.ts';
import { addSegment, type Segments } from './segments.ts';

export interface CaptureFile extends AsyncDisposable {
  state(): LogState;
  /** Adds what fits. */
  append(frames: readonly LogFrame[]): Promise<void>;
  /** Notes that the engine has lost what came next. */
  appendGap(): Promise<void>;
  /** Notes that the engine gives no more of it; then nothing is added any more, also in a later life of the runner. */
  appendBreak(): Promise<void>;
  /** Notes that what the engine kept may not be all; then nothing is added any more. */
  appendOpenEnd(): Promise<void>;
  /** From an offset, or from so far before the end; as much as is there, `maxBytes` at most. */
  read(from: number, maxBytes: number): Promise<Piece>;
  /** The bytes of the whole log. */
  text(): AsyncGenerator<Buffer>;
  /** Which of them are of which stream, in pieces. */
  segments(): AsyncGenerator<Segments>;
}

export interface Piece {
  readonly from: number;
  readonly segments: Segments;
  readonly bytes: Buffer;
}

interface Place {
  readonly textBytes: number;
  readonly indexBytes: number;
}

const START: Place = { textBytes: 0, indexBytes: 0 };

/** Places in the index are remembered once in so many bytes, so that a piece is found without reading all before it. */
const STRIDE_BYTES = 64 * 1024;
const CHUNK_BYTES = 256 * 1024;
/** A line of the index has 250 bytes: one for each byte of a log that comes byte by byte would fill the disk beyond every limit. */
const LEAST_INDEXED_BYTES = 256;
/** What a message can take, when streams alternate with every byte. */
const MAX_SEGMENTS = 20_000;

export async function openCaptureFile(dir: string, limits: LogLimits): Promise<CaptureFile> {
  await using opened = new AsyncDisposableStack();
  const openIn = async (name: string) => {
    const handle = await open(join(dir, name), 'a+', 0o600).then(async (made) => {
      await made.close();
      return open(join(dir, name), 'r+');
    });
    opened.defer(() => handle.close());
    return handle;
  };
  const [text, index] = await translated(async () => {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    return [await openIn('text'), await openIn('index')] as const;
  });
  const known = await translated(() => recover(text, index));
  const handles = opened.move();
  const { places } = known;
  let { state } = known;
  /** Up to where the index knows the text, and what came after. */
  let { end } = known;
  let pending: Segments = [];

  const writeLine = async (segments: Segments, next: LogState) => {
    const line = Buffer.from(`${JSON.stringify({ segments, ...next })}\n`);
    // Where the last whole line ended: what a failed one left behind is written over.
    await writeAll(index, line, end.indexBytes);
    remember(places, end);
    end = { textBytes: next.sizeBytes, indexBytes: end.indexBytes + line.length };
    pending = [];
  };

  const add = (addition: Addition) =>
    translated(async () => {
      if (addition.segments.length === 0 && addition.state === state) return;
      await writeAll(text, addition.bytes, state.sizeBytes);
      const segments = joined(pending, addition.segments);
      const { sizeBytes, isFull, last } = addition.state;
      // Marks of our own stand in no log of the engine's to be read again.
      const mayWait = !isFull && last !== undefined && sizeBytes - end.textBytes < LEAST_INDEXED_BYTES;
      if (mayWait) pending = segments;
      else await writeLine(segments, addition.state);
      state = addition.state;
    });

  return {
    state: () => state,
    append: (frames) => add(addToLog(state, { frames }, limits)),
    appendGap: () => add(addToLog(state, { isGap: true }, limits)),
    appendBreak: () => add(addToLog(state, { isBrokenOff: true }, limits)),
    appendOpenEnd: () => add(addToLog(state, { isOpenEnd: true }, limits)),
    read: (from, maxBytes) =>
      translated(async () => {
        const start = Math.min(from < 0 ? Math.max(0, state.sizeBytes + from) : from, state.sizeBytes);
        const wanted = Math.min(maxBytes, state.sizeBytes - start);
        const place = placeBefore(places, start);
        const all = segmentsFrom(index, place, { end, pending });
        const segments = await segmentsBetween(all, place.textBytes, { start, length: wanted });
        const length = segments.reduce((sum, segment) => sum + Math.abs(segment), 0);
        return { from: start, segments, bytes: await readAll(text, start, length) };
      }),
    async *text() {
      for (let at = 0; at < state.sizeBytes; at += CHUNK_BYTES) {
        yield await translated(() => readAll(text, at, Math.min(CHUNK_BYTES, state.sizeBytes - at)));
      }
    },
    segments: () => segmentsFrom(index, START, { end, pending }),
    async [Symbol.asyncDispose]() {
      // What a full disk does not take is read again from the engine.
      if (pending.length > 0) await writeLine(pending, state).catch(() => undefined);
      await handles.disposeAsync();
    },
  };
}

export async function removeCapture(dir: string): Promise<void> {
  await translated(() => rm(dir, { recursive: true, force: true }));
}

interface Line extends LogState {
  readonly segments: Segments;
}

interface Recovered {
  state: LogState;
  end: Place;
  readonly places: Place[];
}

/** What both files agree on. */
async function recover(text: FileHandle, index: FileHandle): Promise<Recovered> {
  const { size } = await text.stat();
  const places: Place[] = [];
  const recovered: Recovered = {
    state: { sizeBytes: 0, cost: 0, isFull: false },
    end: { textBytes: 0, indexBytes: 0 },
    places,
  };
  for await (const { segments: _segments, bytes, ...state } of linesFrom(index, 0)) {
    if (state.sizeBytes > size) break;
    remember(places, recovered.end);
    recovered.state = state;
    recovered.end = { textBytes: state.sizeBytes, indexBytes: recovered.end.indexBytes + bytes };
  }
  await index.truncate(recovered.end.indexBytes);
  await text.truncate(recovered.end.textBytes);
  return recovered;
}

/** Whole lines from a place on. One that is torn is the last. */
async function* linesFrom(index: FileHandle, start: number): AsyncGenerator<Line & { readonly bytes: number }> {
  const block = Buffer.alloc(STRIDE_BYTES);
  let rest = '';
  // The file is nothing but ASCII: characters are bytes.
  for (let at = start; ;) {
    const { bytesRead } = await index.read(block, 0, block.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    const lines = (rest + block.toString('latin1', 0, bytesRead)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const parsed = parseLine(line);
      if (!parsed) return;
      yield { ...parsed, bytes: line.length + 1 };
    }
  }
}

function parseLine(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}

/** Up to `end`, where a line may just be being written, and what has no line yet. */
async function* segmentsFrom(
  index: FileHandle,
  place: Place,
  { end, pending }: { readonly end: Place; readonly pending: Segments },
): AsyncGenerator<Segments> {
  let at = place.indexBytes;
  if (at < end.indexBytes) {
    for await (const { segments, bytes } of linesFrom(index, at)) {
      yield segments;
      at += bytes;
      if (at >= end.indexBytes) break;
    }
  }
  if (pending.length > 0) yield pending;
}

async function segmentsBetween(
  all: AsyncIterable<Segments>,
  from: number,
  { start, length }: { readonly start: number; readonly length: number },
): Promise<Segments> {
  const found: number[] = [];
  let at = from;
  if (length === 0) return found;
  for await (const segments of all) {
    for (const segment of segments) {
      const first = Math.max(at, start);
      at += Math.abs(segment);
      const inside = Math.min(at, start + length) - first;
      if (inside > 0) addSegment(found, segment > 0 ? inside : -inside);
      if (at >= start + length || found.length >= MAX_SEGMENTS) return found;
    }
  }
  return found;
}

function remember(places: Place[], place: Place): void {
  const last = places.at(-1);
  const isFar =
    !last || place.textBytes - last.textBytes >= STRIDE_BYTES || place.indexBytes - last.indexBytes >= STRIDE_BYTES;
  if (isFar) places.push(place);
}

function placeBefore(places: readonly Place[], textBytes: number): Place {
  return places.findLast((place) => place.textBytes <= textBytes) ?? START;
}

function joined(before: Segments, after: Segments): Segments {
  const all = [...before];
  for (const segment of after) addSegment(all, segment);
  return all;
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

async function readAll(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw new RangeError('a captured log is shorter than its index says');
    done += bytesRead;
  }
  return bytes;
}

/** The captured log becomes a result: a disk that does not take it is a disk that does not take results. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    const isFull = systemCode(error) === 'ENOSPC';
    throw new CapstanError(
      'RESULTS_UNWRITABLE',
      isFull
        ? 'The disk that keeps the log is full.'
        : `The log could not be kept (${systemCode(error) ?? messageOf(error)}).`,
      { cause: error },
    );
  }
}
