/** The bare broadcast, with a crowd of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { gatherCrowd } from '../../support/live/crowd.ts';

export interface Broadcast extends AsyncDisposable {
  /** Sends a text of so many bytes to all; resolves to when each had it. */
  once(bytes: number): Promise<readonly number[]>;
}

export async function bareBroadcast(count: number): Promise<Broadcast> {
  await using releases = new AsyncDisposableStack();
  const program = fork(join(import.meta.dirname, 'bare-ws.ts'), { stdio: 'inherit' });
  const exited = once(program, 'exit');
  releases.defer(async () => {
    program.disconnect();
    await exited;
  });
  const [port] = (await once(program, 'message')) as [number];
  const crowd = releases.use(await gatherCrowd());
  await crowd.open({ count, url: `http://127.0.0.1:${port}/` });
  const kept = releases.move();
  let cursor = 0;
  return {
    async once(bytes) {
      cursor += 1;
      program.send(`{"type":"event","cursor":${cursor},"rest":"`.padEnd(bytes - 2, '.') + '"}');
      await crowd.until(cursor);
      return crowd.arrivals(cursor);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
