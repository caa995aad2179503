/** An engine's log stream as plain bytes: Docker puts 8 bytes before each piece, the last four of them its length. */
import { Transform } from 'node:stream';

const HEADER_BYTES = 8;

export function demultiplex(): Transform {
  let header = Buffer.alloc(0);
  let left = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let rest = chunk;
      while (rest.length > 0) {
        if (left === 0) {
          const missing = HEADER_BYTES - header.length;
          header = Buffer.concat([header, rest.subarray(0, missing)]);
          rest = rest.subarray(missing);
          if (header.length < HEADER_BYTES) break;
          left = header.readUInt32BE(4);
          header = Buffer.alloc(0);
        }
        const piece = rest.subarray(0, left);
        left -= piece.length;
        rest = rest.subarray(piece.length);
        if (piece.length > 0) this.push(piece);
      }
      done();
    },
  });
}
