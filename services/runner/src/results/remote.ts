/**
 * Results in a store beside this machine: `<jobId>/<run>/<place>` each, and their manifest, the last to appear. A copy of the manifest
 * stays here, for it is what this runner remembers of the run; it is written when the store has everything.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { manifestName, objectName, type Manifest, type ManifestFile } from '@capstan/shared/results/manifest';
import { MAX_MANIFEST_BYTES, parseManifest } from '@capstan/shared/results/manifest-text';
import type { Objects } from '@capstan/shared/results/objects';
import { createBlockHashes, verified } from '@capstan/shared/results/verified';
import { inResultOrder } from './order.ts';
import type { Draft, Results, Run } from './results.ts';
import { reading, requireFile } from './reading.ts';
import { createRuns, measure, translated, type RunDraft } from './runs.ts';

interface RemoteOptions {
  readonly objects: Objects;
  /** Folder of what this runner remembers. */
  readonly dir: string;
  readonly uploadRetries: number;
}

export function createRemoteResults({ objects, dir, uploadRetries }: RemoteOptions): Results {
  const runs = createRuns(dir);
  return {
    read: runs.read,
    open: (run, index, signal) =>
      reading(async () => {
        // The store's own: another runner may have published it.
        const stored = await objects.readSmall(manifestName(run), MAX_MANIFEST_BYTES, signal);
        const file = requireFile(stored && parseManifest(stored.toString('utf8'), run), index);
        const { filesize: sizeBytes, place = '' } = file;
        const read = () => objects.read(objectName(run, place), { sizeBytes }, signal);
        return { sizeBytes, body: Readable.from(verified(file, undefined, read), { objectMode: false }) };
      }),
    forgetJob: runs.remove,
    list: runs.list,
    async drop(manifest, { droppedAt, signal }) {
      await translated(() => objects.removeFolder(`${manifest.jobId}/${manifest.run}`, signal));
      await runs.drop(manifest, droppedAt);
    },
    forget: runs.forget,
    retries: uploadRetries,
    maxRetryDelayMs: 60_000,
    async remove(jobId, signal) {
      await translated(() => objects.removeFolder(jobId, signal));
      await runs.remove(jobId);
    },
    begin: async (run, signal) => createDraft(await runs.begin(run), { objects, run, signal }),
  };
}

interface Remote {
  readonly objects: Objects;
  readonly run: Run;
  readonly signal: AbortSignal;
}

function createDraft({ addPrivate, commit }: RunDraft, { objects, run, signal }: Remote): Draft {
  const token = randomBytes(6).toString('hex');
  const stored: Omit<ManifestFile, 'index'>[] = [];
  let places = 0;
  let cleared: Promise<void> | undefined;

  return {
    addPrivate,
    add: (file, body) =>
      translated(async () => {
        // Only here: an ending without results must not wait for a store that is away.
        await (cleared ??= objects.removeFolder(`${run.jobId}/${run.run}`, signal));
        const place = `${token}-${places++}`;
        const blocks = createBlockHashes();
        const measured = measure(body, (piece) => blocks.update(piece));
        await objects.put(objectName(run, place), measured.body, signal);
        const hashes = blocks.all();
        stored.push({ ...file, ...measured.facts(), place, ...(hashes.length > 0 ? { blocks: [...hashes] } : {}) });
      }),
    publish: (outcome) =>
      translated(async () => {
        const files = inResultOrder(stored).map((file, index) => ({ index, ...file }));
        const manifest: Manifest = { ...outcome, files };
        if (files.length > 0) await objects.put(manifestName(run), asBody(JSON.stringify(manifest)), signal);
        await commit(manifest);
        return manifest;
      }),
  };
}

async function* asBody(json: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(json));
}
