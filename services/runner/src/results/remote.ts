/**
 * Results in a store beside this machine: `<jobId>/<run>/<place>` each, and their manifest, the last to appear. A copy of the manifest
 * stays here, for it is what this runner remembers of the run; it is written when the store has everything.
 */
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import {
  manifestName,
  ManifestSchema,
  objectName,
  type Manifest,
  type ManifestFile,
} from '@capstan/shared/contract/manifest';
import type { Objects } from '@capstan/shared/objects/objects';
import { compileStrict } from '@capstan/shared/validate';
import { inResultOrder } from './order.ts';
import type { Draft, Results, Run } from './results.ts';
import { reading, requireFile } from './reading.ts';
import { createRuns, measure, translated, type RunDraft } from './runs.ts';

const parseManifest = compileStrict('manifest of results', ManifestSchema);

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
        const name = manifestName(run);
        const isThere = (await objects.sizeOf(name, signal)) !== undefined;
        const stored = isThere ? await text(await objects.read(name, undefined, signal)) : undefined;
        const { filesize, place = '' } = requireFile(
          stored === undefined ? undefined : parseManifest(JSON.parse(stored)),
          index,
        );
        return { sizeBytes: filesize, body: await objects.read(objectName(run, place), undefined, signal) };
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
        const measured = measure(body);
        await objects.put(objectName(run, place), measured.body, signal);
        stored.push({ ...file, ...measured.facts(), place });
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
