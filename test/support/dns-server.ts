/** A server of names, over UDP, that says of each what a test wants, or nothing. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import ipaddr from 'ipaddr.js';

/** Its addresses; none, as of a name that nobody has; or no word at all. */
export type Said = readonly string[] | 'nothing';

export interface DnsServer extends AsyncDisposable {
  /** As a resolver is told of it. */
  readonly address: string;
  /** The names that it was asked for, each once. */
  asked(): readonly string[];
}

const TYPES = { ipv4: 1, ipv6: 28 } as const;
const HEADER_BYTES = 12;
const ABSENT = 3;

export async function startDnsServer(says: (name: string) => Said): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const asked = new Set<string>();
  socket.on('message', (message, from) => {
    const { name, type, question } = questionIn(message);
    asked.add(name);
    const said = says(name);
    if (said === 'nothing') return;
    const records = said
      .map((text) => ipaddr.parse(text))
      .filter((address) => TYPES[address.kind()] === type)
      .map((address) => record(type, Buffer.from(address.toByteArray())));
    const header = Buffer.alloc(HEADER_BYTES);
    message.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8580 | (said.length === 0 ? ABSENT : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([header, question, ...records]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked: () => [...asked],
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function questionIn(message: Buffer) {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let size = message.readUInt8(at); size > 0; size = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + size));
    at += size + 1;
  }
  return {
    name: labels.join('.').toLowerCase(),
    type: message.readUInt16BE(at + 1),
    question: message.subarray(HEADER_BYTES, at + 5),
  };
}

function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  // The name of the question.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
