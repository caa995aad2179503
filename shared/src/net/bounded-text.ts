/** The text of an answer from a server that may send anything: so many bytes after decoding and no more, whatever it says of their number. */
import type { Readable } from 'node:stream';
import { decoded } from './decoded.ts';

export type BoundedText =
  | { readonly kind: 'text'; readonly text: string }
  /** `problem` goes on after "it". */
  | { readonly kind: 'refused'; readonly problem: string };

interface Answered {
  readonly body: Readable;
  /** The header `content-encoding`. */
  readonly encoding?: string | readonly string[] | undefined;
}

/** Rejects if the connection breaks. What is left of the answer is thrown away with its connection. */
export async function boundedText(answered: Answered, maxBytes: number): Promise<BoundedText> {
  const read = await boundedBytes(answered, maxBytes);
  switch (read.kind) {
    case 'bytes':
      return { kind: 'text', text: bufferOf(read.bytes).toString('utf8') };
    case 'too large':
      return { kind: 'refused', problem: `is larger than ${maxBytes} bytes` };
    case 'refused':
      return read;
  }
}

export type BoundedBytes =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'too large' }
  | { readonly kind: 'refused'; readonly problem: string };

/** What is waited for before more than so many bytes are read. */
interface Gate {
  readonly afterBytes: number;
  readonly enter: () => Promise<void>;
}

/** The same of the bytes, in memory of their own. */
export async function boundedBytes({ body, encoding }: Answered, maxBytes: number, gate?: Gate): Promise<BoundedBytes> {
  const source = decoded(body, encoding);
  if (!source) return { kind: 'refused', problem: 'is encoded in an unknown way' };
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      const before = sizeBytes;
      sizeBytes += chunk.length;
      // Leaving the loop destroys the source.
      if (sizeBytes > maxBytes) return { kind: 'too large' };
      chunks.push(chunk);
      if (gate && before <= gate.afterBytes && sizeBytes > gate.afterBytes) await gate.enter();
    }
  } finally {
    body.destroy();
  }
  return { kind: 'bytes', bytes: joined(chunks, sizeBytes) };
}

function joined(chunks: readonly Buffer[], sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

const bufferOf = (bytes: Uint8Array<ArrayBuffer>) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
