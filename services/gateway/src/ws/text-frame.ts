/** A text as the frame that a server sends it in, PURE: RFC 6455 §5.2, whole, unmasked, not compressed. */

const FINAL_TEXT = 0x81;

export function textFrame(text: string): Buffer {
  const payload = Buffer.byteLength(text);
  const head = payload < 126 ? 2 : payload < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + payload);
  frame[0] = FINAL_TEXT;
  if (head === 2) frame[1] = payload;
  else if (head === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(payload, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(payload), 2);
  }
  frame.write(text, head);
  return frame;
}
