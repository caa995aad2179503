/** The floor: the log of a container that runs the same program, followed by one reader, raw dockerode, nothing checked or kept. */
import { randomBytes } from 'node:crypto';
import Docker from 'dockerode';
import { DEMO_IMAGE } from '../../../scripts/demo/assets.ts';
import { engineSocket } from '../../../scripts/parts/engine.ts';

const HEADER_BYTES = 8;

export interface FloorLog {
  /** Of the log, without what the engine puts before each piece. */
  readonly bytes: number;
  readonly elapsedMs: number;
}

export async function followRaw(program: string, maxLogMB: number): Promise<FloorLog> {
  const docker = new Docker({ socketPath: engineSocket() });
  const container = await docker.createContainer({
    name: `capstan-bench-${randomBytes(6).toString('hex')}`,
    Image: `${DEMO_IMAGE.image}:${DEMO_IMAGE.tag}`,
    Entrypoint: ['node', '-e', program],
    Cmd: [],
    // As jobs have it.
    HostConfig: {
      NetworkMode: 'none',
      LogConfig: { Type: 'local', Config: { 'max-size': `${8 * maxLogMB}m`, 'max-file': '1', compress: 'false' } },
    },
  });
  try {
    await container.start();
    const stream = await container.logs({ follow: true, stdout: true, stderr: true });
    return await readThrough(stream as AsyncIterable<Buffer>);
  } finally {
    await container.remove({ force: true, v: true });
  }
}

async function readThrough(stream: AsyncIterable<Buffer>): Promise<FloorLog> {
  let [bytes, firstMs, lastMs] = [0, Infinity, 0];
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    lastMs = performance.now();
    firstMs = Math.min(firstMs, lastMs);
    const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (all.length >= at + HEADER_BYTES) {
      const end = at + HEADER_BYTES + all.readUInt32BE(at + 4);
      if (end > all.length) break;
      bytes += end - at - HEADER_BYTES;
      at = end;
    }
    rest = all.subarray(at);
  }
  return { bytes, elapsedMs: lastMs - firstMs };
}
