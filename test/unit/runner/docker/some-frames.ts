/** Pieces of an engine's log, made up. */
import fc from 'fast-check';
import type { LogFrame } from '../../../../services/runner/src/docker/ports/containers.ts';

const START = Date.UTC(2026, 0, 1);

/** In the order of their times within each stream, as an engine has them; now and then some share one, as the pieces of a long line do. */
export function someFrames(size: fc.ArrayConstraints = { maxLength: 30 }): fc.Arbitrary<LogFrame[]> {
  const piece = fc.record({
    stream: fc.constantFrom('stdout' as const, 'stderr' as const),
    later: fc.integer({ min: 0, max: 2 }),
    bytes: fc.uint8Array({ maxLength: 40 }),
  });
  return fc.array(piece, size).map((pieces) => {
    const times = { stdout: 0, stderr: 0 };
    return pieces.map(({ stream, later, bytes }) => {
      times[stream] += later;
      return { stream, at: timeOf(times[stream]), bytes: Buffer.from(bytes) };
    });
  });
}

export function aFrame(text: string, { stream = 'stdout', time = 0 }: Partial<FrameParts> = {}): LogFrame {
  return { stream, at: timeOf(time), bytes: Buffer.from(text) };
}

interface FrameParts {
  readonly stream: LogFrame['stream'];
  readonly time: number;
}

function timeOf(nanoseconds: number): string {
  return new Date(START).toISOString().replace('000Z', `${String(nanoseconds).padStart(9, '0')}Z`);
}

export function inDockersFrames(frames: readonly LogFrame[]): Buffer {
  return Buffer.concat(
    frames.map(({ stream, at, bytes }) => {
      const body = Buffer.concat([Buffer.from(`${at} `), bytes]);
      const header = Buffer.alloc(8);
      header[0] = stream === 'stdout' ? 1 : 2;
      header.writeUInt32BE(body.length, 4);
      return Buffer.concat([header, body]);
    }),
  );
}

export async function allFrames(source: AsyncIterable<readonly LogFrame[]>): Promise<LogFrame[]> {
  const all: LogFrame[] = [];
  for await (const some of source) all.push(...some);
  return all;
}
