/** A metadata store: a real HTTP server that serves the descriptions a test registers, by Aquarius's route; it can also break. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMailbox } from '../../scripts/parts/mailbox.ts';

export type StoreMood =
  | { readonly kind: 'well' }
  | { readonly kind: 'fails'; readonly status: number; readonly times?: number }
  | { readonly kind: 'hangs' }
  /** Answers with this, whatever is asked. */
  | { readonly kind: 'says'; readonly text: string | Buffer; readonly encoding?: string }
  /** Sends whoever asks there. */
  | { readonly kind: 'redirects'; readonly to: string; readonly times?: number };

export interface MetadataStore extends AsyncDisposable {
  readonly url: string;
  /** What it answers from now on for the asset of this id; whatever else it holds is served as it is. */
  publish<Described extends { readonly id: string }>(ddo: Described): Described;
  feel(mood: StoreMood): void;
  /** The statuses of its answers so far, 0 for none. */
  answers(): readonly number[];
  /** Resolves once it has given so many. */
  untilAnswered(count: number): Promise<void>;
}

const ROUTE = /^\/api\/aquarius\/assets\/ddo\/(did:op:[0-9a-f]{64})$/;
const KEPT = 100;
const LIMIT_MS = 60_000;

export async function startMetadataStore({ hasEtags = true } = {}): Promise<MetadataStore> {
  const ddos = new Map<string, string>();
  const answers: number[] = [];
  const given = createMailbox<number>({ name: 'the metadata store', keep: KEPT, show: String });
  const note = (status: number) => {
    answers.push(status);
    given.put(answers.length);
  };
  let mood: StoreMood = { kind: 'well' };
  let failed = 0;

  const answer = (
    response: ServerResponse,
    status: number,
    text: string | Buffer = '',
    headers: Record<string, string> = {},
  ) => {
    note(status);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const text = ddos.get(ROUTE.exec(request.url ?? '')?.[1] ?? '');
    if (text === undefined) return answer(response, 404, '{"error":"not found"}');
    const etag = `"${createHash('sha256').update(text).digest('hex')}"`;
    if (hasEtags && request.headers['if-none-match'] === etag) return answer(response, 304);
    answer(response, 200, text, hasEtags ? { etag } : {});
  };
  const server = createServer((request, response) => {
    switch (mood.kind) {
      case 'well':
        return serve(request, response);
      case 'fails':
        failed += 1;
        return failed > (mood.times ?? Number.POSITIVE_INFINITY)
          ? serve(request, response)
          : answer(response, mood.status);
      case 'hangs':
        note(0);
        return;
      case 'says':
        return answer(response, 200, mood.text, mood.encoding ? { 'content-encoding': mood.encoding } : {});
      case 'redirects':
        failed += 1;
        return failed > (mood.times ?? Number.POSITIVE_INFINITY)
          ? serve(request, response)
          : answer(response, 302, '', { location: mood.to });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publish(ddo) {
      ddos.set(ddo.id, JSON.stringify(ddo));
      return ddo;
    },
    feel(next) {
      mood = next;
      failed = 0;
    },
    answers: () => answers,
    async untilAnswered(count) {
      const match = (so: number) => (so >= count ? true : undefined);
      await given.first({ match, what: `answer ${count}`, limitMs: LIMIT_MS });
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
