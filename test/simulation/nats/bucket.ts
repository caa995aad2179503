/** A key-value bucket as far as `shared/bus` uses it. */
import type { KV } from 'nats';
import type { Connection } from './client.ts';
import { createQueue } from './queue.ts';
import type { Watching } from './server.ts';
import type { Network } from './wire.ts';

interface Word {
  readonly key: string;
  readonly operation: 'PUT';
  string(): string;
}

const word = (key: string, text: string): Word => ({ key, operation: 'PUT', string: () => text });

export async function createBucket({ server }: Network, connection: Connection, name: string): Promise<KV> {
  await connection.wire().ask(`opening bucket ${name}`, () => server.bucket(name));
  return {
    put: (key: string, text: string, { previousSeq }: { previousSeq?: number } = {}) =>
      connection.wire().ask(`putting ${key}`, () => server.put(name, key, text, previousSeq)),
    get: (key: string) =>
      connection.wire().ask(`getting ${key}`, () => {
        const entry = server.bucket(name).get(key);
        return entry === undefined ? null : { ...word(key, entry.text), revision: entry.revision };
      }),
    async watch() {
      const wire = connection.wire();
      const words = createQueue<Word>();
      const watching: Watching = {
        bucket: name,
        hear: (key, text) => wire.receive(() => words.push(word(key, text))),
      };
      wire.onClose(() => server.watching.delete(watching));
      await wire.ask(`watching ${name}`, () => {
        for (const [key, { text }] of server.bucket(name)) watching.hear(key, text);
        if (wire.isOpen()) server.watching.add(watching);
      });
      return {
        [Symbol.asyncIterator]: () => words.values(),
        stop() {
          server.watching.delete(watching);
          words.stop();
        },
      };
    },
  } as unknown as KV;
}
