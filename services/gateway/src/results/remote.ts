/** Results in a store beside this machine, as the runner's writer for it leaves them: `<jobId>/<run>/manifest.json` and its places. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { manifestName, ManifestSchema, objectName } from '@capstan/shared/contract/manifest';
import type { Objects, Range } from '@capstan/shared/objects/objects';
import { compileStrict } from '@capstan/shared/validate';
import { notWhole, type Results } from './open.ts';

const parseManifest = compileStrict('manifest of results', ManifestSchema);

interface RemoteOptions {
  readonly objects: Objects;
  /** Where a runner on this machine keeps what it remembers of its runs. */
  readonly dir: string;
}

/** A store that says nothing for this long is given up. */
const LIMIT_MS = 60_000;
const limited = () => AbortSignal.timeout(LIMIT_MS);

export function createRemoteResults({ objects, dir }: RemoteOptions): Results {
  return {
    async remove(jobId) {
      await objects.removeFolder(jobId, AbortSignal.timeout(10 * LIMIT_MS));
      await rm(join(dir, jobId), { recursive: true, force: true });
    },
    async open(run, index) {
      const name = manifestName(run);
      if ((await objects.sizeOf(name, limited())) === undefined) return undefined;
      const text = (await buffer(await objects.read(name, undefined, limited()))).toString('utf8');
      const { files, expiresAt } = parseManifest(JSON.parse(text));
      const file = files.find((each) => each.index === index);
      if (!file?.place) return undefined;
      const place = objectName(run, file.place);
      if ((await objects.sizeOf(place, limited())) !== file.filesize) throw notWhole(undefined);
      const reading = new AbortController();
      return {
        file,
        expiresAt,
        read(range) {
          const bytes = Readable.from(flowing(objects, { place, range, sha256: file.sha256 }, reading.signal), {
            objectMode: false,
          });
          return bytes.once('close', () => reading.abort());
        },
        close: () => Promise.resolve(reading.abort()),
      };
    },
  };
}

interface Wanted {
  readonly place: string;
  readonly range: Range | undefined;
  readonly sha256: string;
}

/** The last piece of a whole file is held back until all of it is known to be right: who gets the last byte has the file. */
async function* flowing(
  objects: Objects,
  { place, range, sha256 }: Wanted,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const source: AsyncIterable<Buffer> = await objects.read(place, range, signal);
  const hash = createHash('sha256');
  let held: Buffer | undefined;
  for await (const piece of source) {
    if (held) yield held;
    hash.update(piece);
    held = piece;
  }
  if (!range && hash.digest('hex') !== sha256) throw notWhole(undefined);
  if (held) yield held;
}
