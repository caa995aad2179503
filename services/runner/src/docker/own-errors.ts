import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { quiet } from '@capstan/shared/net/decoded';
import { unavailable } from './answers.ts';

/** A stream that breaks says ENGINE_UNAVAILABLE. */
export function ownErrors(source: NodeJS.ReadableStream): Readable {
  const out = quiet(new PassThrough());
  pipeline(source, out).catch((error: unknown) => {
    out.destroy(unavailable(error));
  });
  return out;
}
