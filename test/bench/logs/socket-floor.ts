/** The floor of the sockets: as many followers read the same log from a bare loop of `ws`. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { followTogether, type Followed } from './followers.ts';
import type { LogShape } from './lines.ts';

export async function followBare(shape: LogShape, count: number): Promise<Followed> {
  const program = fork(join(import.meta.dirname, 'bare-log.ts'), { stdio: 'inherit' });
  try {
    await once(program, 'spawn');
    program.send({ shape, count });
    const [port] = (await once(program, 'message')) as [number];
    return await followTogether({
      url: `http://127.0.0.1:${port}`,
      token: '',
      jobId: '',
      count,
      lineBytes: shape.lineBytes,
    });
  } finally {
    program.disconnect();
  }
}
