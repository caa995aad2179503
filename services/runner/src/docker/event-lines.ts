/** Docker's stream of events in its pieces, as what each line says. */
import { parseJson } from '@capstan/shared/runtime/json';

/** An event repeats the labels of its container, which may be those of a stranger's image. Longer ones are passed over. */
const MAX_LINE_BYTES = 4_000_000;
const NEW_LINE = 0x0a;

export function createEventLines(onLine: (value: unknown) => void): (piece: Buffer) => void {
  let parts: Buffer[] = [];
  let bytes = 0;
  return (piece) => {
    let from = 0;
    for (let end = piece.indexOf(NEW_LINE); end >= 0; end = piece.indexOf(NEW_LINE, from)) {
      bytes += end - from;
      if (bytes <= MAX_LINE_BYTES) onLine(parseJson(Buffer.concat([...parts, piece.subarray(from, end)]).toString()));
      parts = [];
      bytes = 0;
      from = end + 1;
    }
    bytes += piece.length - from;
    if (bytes <= MAX_LINE_BYTES) parts.push(piece.subarray(from));
    else parts = [];
  };
}
