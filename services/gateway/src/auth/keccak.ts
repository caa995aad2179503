/**
 * keccak-256 of what is long, in slices: a body of a megabyte took the event loop 70 ms in plain JavaScript, before anything of it was known
 * to be signed by anybody. Node's crypto has SHA-3, which pads otherwise, and no keccak.
 */
import { setImmediate } from 'node:timers/promises';
import { createKeccak } from 'hash-wasm';

/** Takes less than half a millisecond. */
const SLICE_BYTES = 65_536;

const hasher = await createKeccak(256);

/** Hex, with `0x`. */
export async function keccakOf(bytes: Uint8Array): Promise<string> {
  let state = hasher.init().save();
  for (let start = 0; ; start += SLICE_BYTES) {
    // One hasher serves all: whoever has waited brings back where they were.
    hasher.load(state).update(bytes.subarray(start, start + SLICE_BYTES));
    if (start + SLICE_BYTES >= bytes.length) return `0x${hasher.digest('hex')}`;
    state = hasher.save();
    await setImmediate();
  }
}
