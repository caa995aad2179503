/**
 * The manifest of a run, PURE: results exist when it does. It lies beside the files, as `results/<jobId>/<run>/manifest.json`, is the last
 * file to appear there, and also says how the run ended, so that a runner killed before it could tell finds out again.
 */
import { MIB } from '../contract/sizes.ts';
import { Type, type Static } from 'typebox';
import { JobIdSchema } from '../contract/ids.ts';
import { ResultTypeSchema, TerminationSchema, type ResultFile } from '../contract/job.ts';
import { STATUS_ROWS, type EndingCode } from '../contract/status.ts';

/** Ends the names of files that are encrypted to the key of the job's output. Sizes and hashes are those of the encrypted file. */
export const SEALED_SUFFIX = '.sealed';

/** Among the private files beside a manifest: which bytes of the algorithm's log are of which stream. `segments.ts` of the runner tells how. */
export const LOG_STREAMS_FILE = 'log.streams';

/** How much of a file is hashed apart. */
export const BLOCK_BYTES = 8 * MIB;

export const ManifestFileSchema = Type.Object({
  /** Place in `resultsUrls`; the bytes lie beside the manifest in `files/<index>`, whatever the file is called. */
  index: Type.Integer({ minimum: 0 }),
  /** The name that consumers see: for outputs the path below `/data/outputs`. */
  filename: Type.String(),
  filesize: Type.Integer({ minimum: 0 }),
  type: ResultTypeSchema,
  /** Of the whole file, lower-case hex. */
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** Of each stretch of `BLOCK_BYTES`, the last one shorter, so that a part of a large file can be checked, too. Kept of files in other stores. */
  blocks: Type.Optional(Type.Array(Type.String({ pattern: '^[0-9a-f]{64}$' }))),
  /** What it is called below `<jobId>/<run>/` where results are kept in another store than the folder. */
  place: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,64}$' })),
});
export type ManifestFile = Static<typeof ManifestFileSchema>;

const endings = STATUS_ROWS.filter((row) => row.endsFromRank !== undefined).map((row) => row.code);

export const ManifestSchema = Type.Object({
  v: Type.Literal(1),
  jobId: JobIdSchema,
  run: Type.Integer({ minimum: 1 }),
  attempt: Type.Integer({ minimum: 1 }),
  code: Type.Unsafe<EndingCode>(Type.Union(endings.map((code) => Type.Literal(code)))),
  /** Unix milliseconds. */
  endedAt: Type.Number(),
  /** Unix milliseconds after which the results are dropped. */
  expiresAt: Type.Number(),
  /** Unix milliseconds; they were: what is left of the run is how it ended. */
  droppedAt: Type.Optional(Type.Number()),
  termination: Type.Union([TerminationSchema, Type.Null()]),
  files: Type.Array(ManifestFileSchema),
  /** Outputs that were left out, and why: links, devices, sockets, names that are too long. */
  skipped: Type.Array(Type.Object({ name: Type.String(), reason: Type.String() })),
});
export type Manifest = Static<typeof ManifestSchema>;

interface RunOfJob {
  readonly jobId: string;
  readonly run: number;
}

/** Names in a store beside the folder. */
export const objectName = ({ jobId, run }: RunOfJob, place: string) => `${jobId}/${run}/${place}`;
export const manifestName = (run: RunOfJob) => objectName(run, 'manifest.json');

/** As an ending lists them. */
export function resultsOf({ files }: Pick<Manifest, 'files'>): ResultFile[] {
  return files.map(({ filename, filesize, type, index }) => ({ filename, filesize, type, index }));
}
