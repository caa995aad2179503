/** A key-value bucket as far as `shared/bus` uses it. */
import type { KV } from 'nats';
import type { Connection } from './connection.ts';
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
  } as unknown as KV;
}
