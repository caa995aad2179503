/** A socket in the data folder that is there as long as a runner is at work in it: `npm run uninstall` looks before it takes anything away. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { messageOf } from '@capstan/shared/contract/errors';
import { isListening } from '@capstan/shared/runtime/is-listening';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';

/** A folder that takes no socket keeps no runner from its work. */
export function createAtWork(path: string, log: Log): Service {
  const server = createServer((socket) => socket.destroy());
  return {
    name: 'at work',
    async start() {
      try {
        // Another one's, which is about to see that it has the folder already.
        if (await isListening(path)) return;
        // A killed runner leaves its socket behind.
        await rm(path, { force: true });
        server.listen(path);
        await once(server, 'listening');
      } catch (error) {
        log.warn({ path, problem: messageOf(error) }, 'nothing in the data folder says that this runner is at work');
      }
    },
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      await closed;
      await rm(path, { force: true });
    },
  };
}
