/** The sockets of a gateway without its other parts, and who talks to them. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { loadConfig } from '@capstan/shared/config/load';
import { jobEvent, type JobEvent } from '@capstan/shared/contract/messages';
import type { ClientFrame, ServerFrame } from '@capstan/shared/contract/socket';
import { freeOrder, type Consumer } from '../../../scripts/parts/consumer.ts';
import { createMailbox } from '../../../scripts/parts/mailbox.ts';
import { recordEvent } from '../../../services/gateway/src/events/record-event.ts';
import { createClientIp } from '../../../services/gateway/src/limits/client-ip.ts';
import { createConnectionLimit } from '../../../services/gateway/src/limits/connection-limit.ts';
import { createSocketServer } from '../../../services/gateway/src/ws/server.ts';
import { serve } from './http.ts';
import { gatewayParts, someAssets } from './parts.ts';

export const PATH = '/api/services/compute/events';

export async function aGateway(statusAccess: 'open' | 'signed' = 'open') {
  const { dataset, algorithm } = someAssets();
  const parts = gatewayParts({ assets: [dataset, algorithm], statusAccess });
  const http = await serve();
  const { hub } = parts;
  const sockets = createSocketServer({
    server: http.server,
    path: PATH,
    corsOrigins: ['*'],
    clientIp: createClientIp([]),
    perIp: () => undefined,
    takePlace: createConnectionLimit({ maxFollowers: 100, maxFollowersPerNetwork: 100 }),
    limits: loadConfig({}, '/').gateway.live,
    node: '0xnode',
    ...parts,
  });
  await hub.start();
  await sockets.start();
  return {
    url: http.url,
    async submit(consumer: Consumer) {
      const request = await consumer.startBody({
        environment: 'local',
        dataset: { documentId: dataset.id, serviceId: dataset.services[0]?.id ?? '', transferTxId: freeOrder() },
        algorithm: { documentId: algorithm.id, serviceId: algorithm.services[0]?.id ?? '' },
      });
      return parts.submit({ request, bodyHash: createHash('sha256').update(randomBytes(8)).digest('hex') });
    },
    move: (jobId: JobEvent['jobId'], code: JobEvent['code'], attempt = 1) =>
      parts.store.write((transaction) =>
        recordEvent(parts.store, transaction, jobEvent({ jobId, run: 1, attempt, code, at: 1_000 })),
      ),
    sockets,
    store: parts.store,
    parts,
    async open() {
      const socket = new WebSocket(http.url.replace('http', 'ws') + PATH);
      const frames = createMailbox<ServerFrame>({ name: 'the node', keep: 1_000, show: ({ type }) => type });
      socket.addEventListener('message', ({ data }) => frames.put(JSON.parse(String(data)) as ServerFrame));
      await once(socket, 'open');
      const taken = new Set<ServerFrame>();
      return {
        send: (frame: ClientFrame) => socket.send(JSON.stringify(frame)),
        /** The next frame of a type that was not taken yet. */
        async next<T extends ServerFrame['type']>(type: T): Promise<Extract<ServerFrame, { type: T }>> {
          const isNext = (frame: ServerFrame): frame is Extract<ServerFrame, { type: T }> =>
            frame.type === type && !taken.has(frame);
          const found = await frames.first({
            match: (frame) => (isNext(frame) ? frame : undefined),
            what: type,
            limitMs: 10_000,
          });
          taken.add(found);
          return found;
        },
        async [Symbol.asyncDispose]() {
          socket.close();
          await once(socket, 'close');
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await sockets.stop();
      await hub.stop();
      await http[Symbol.asyncDispose]();
    },
  };
}
