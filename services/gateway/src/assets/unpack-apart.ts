/** Unpacks what strangers packed apart from everything else that the gateway does: two at once, with limits of time and memory. */
import { createApart } from '@capstan/shared/runtime/apart';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import type { UnpackTask } from './unpack-worker.ts';

/** The content, or undefined for what can not be unpacked within the bounds. Rejects with CHAIN_UNAVAILABLE where too many wait. */
export type Unpack = (packed: Uint8Array, maxBytes: number) => Promise<Buffer | undefined>;

const MODULE = new URL('./unpack-worker.ts', import.meta.url);
const AT_ONCE = 2;
const MAX_MS = 10_000;
const MAX_MEMORY_MB = 128;
/** With those that came before. */
const WAIT_MS = 30_000;

export function createUnpackApart(): Unpack {
  const apart = createApart(AT_ONCE, (problem, cause) => new CapstanError('BAD_REQUEST', problem, { cause }));
  return async (packed, maxBytes) => {
    const input: UnpackTask = { packed: new Uint8Array(packed), maxBytes };
    const waiting = AbortSignal.timeout(WAIT_MS);
    try {
      const work = { module: MODULE, input, maxMs: MAX_MS, maxMemoryMB: MAX_MEMORY_MB };
      const content = await apart(work, waiting);
      return content instanceof Uint8Array ? Buffer.from(content) : undefined;
    } catch (error) {
      if (hasCode(error, 'BAD_REQUEST')) return undefined;
      if (!waiting.aborted) throw error;
      throw new CapstanError('CHAIN_UNAVAILABLE', 'Too many descriptions from chains wait to be unpacked. Ask again.');
    }
  };
}
