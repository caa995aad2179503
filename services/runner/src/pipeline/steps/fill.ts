/** Writes everything that an algorithm finds below `/data` into one archive: folders, DDOs, datasets, the algorithm itself. */
import { createHash } from 'node:crypto';
import { didSuffix } from '@capstan/shared/contract/ids';
import type { Algorithm, JobSpec } from '@capstan/shared/contract/job';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Fetcher, Wanted } from '../../fetch/fetcher.ts';
import type { Located, OwnNode } from '../../fetch/sealed-files.ts';
import type { SourceFile } from '../../fetch/source.ts';
import { SHARED_FOLDER, type Archive } from '../archive.ts';
import { createIntake, type Intake } from '../input-budget.ts';
import {
  DDOS,
  ETC,
  IN,
  inArchive,
  INPUTS,
  LOGS,
  MOUNT_POINTS,
  OUTPUTS,
  SCRATCH,
  TRANSFORMATIONS,
} from '../../docker/layout.ts';
import type { Meter } from '../../reporting/progress.ts';
import { filesIn, locateInputs, namingAsync, type Input, type Inputs } from './inputs.ts';

export interface Filling {
  readonly spec: JobSpec;
  readonly jobUid: number;
  /** Files that name it, by their names; none where the image keeps its own. */
  readonly users: Readonly<Record<string, string>>;
  /** Folders below `/data` that the image wants to be there: its volumes, and where it works. */
  readonly folders: readonly string[];
  /** In the scratch folder, each a link to the same name at the root. */
  readonly rooted: readonly string[];
  /** All files of the job together. */
  readonly maxBytes: number;
  readonly own: OwnNode;
  readonly fetcher: Fetcher;
  readonly meter: Meter;
}

/** Throws DATA_UNAVAILABLE or ALGORITHM_UNAVAILABLE with which file and why, or FETCH_INTERRUPTED where all may be tried again. */
export async function fill(archive: Archive, filling: Filling, signal: AbortSignal): Promise<void> {
  const { spec, jobUid, users, folders, rooted, own, fetcher, meter, maxBytes } = filling;
  const inputs = locateInputs(spec, own);
  const writing = { archive, fetcher, intake: createIntake({ maxBytes, files: filesIn(inputs), meter }) };
  for (const folder of [IN, INPUTS, DDOS, ...MOUNT_POINTS]) archive.folder(folder);
  archive.folder(TRANSFORMATIONS, 0, SHARED_FOLDER);
  // A volume belongs to root until an archive says whose it is.
  for (const folder of [OUTPUTS, LOGS, SCRATCH]) archive.folder(folder, jobUid);
  for (const folder of folders) writeFolder(archive, folder, jobUid);
  for (const name of rooted) archive.link(`${SCRATCH}/${name}`, `/${name}`, jobUid);
  for (const [name, text] of Object.entries(users)) await archive.text(`${ETC}/${name}`, text);
  await writeDdos(archive, spec);
  await archive.text(`${INPUTS}/algoCustomData.json`, JSON.stringify(spec.algocustomdata ?? {}));
  await writeAlgorithm(writing, spec, inputs, signal);
  await writeDatasets(writing, spec, inputs, signal);
  archive.end();
}

/** With those around it, which are there in part. */
function writeFolder(archive: Archive, path: string, jobUid: number): void {
  const place = inArchive(path);
  if (!place) return;
  const parts = place.name.split('/');
  const roots: readonly string[] = [IN, 'out', OUTPUTS, LOGS, SCRATCH, INPUTS, DDOS, TRANSFORMATIONS, ...MOUNT_POINTS];
  for (let depth = 1; depth <= parts.length; depth++) {
    const name = parts.slice(0, depth).join('/');
    if (!roots.includes(name)) archive.folder(name, place.isWritable ? jobUid : 0);
  }
}

interface Writing {
  readonly archive: Archive;
  readonly fetcher: Fetcher;
  readonly intake: Intake;
}

async function writeDdos(archive: Archive, { datasets, algorithm }: JobSpec): Promise<void> {
  const assets = [...datasets, ...(algorithm.kind === 'published' ? [algorithm.asset] : [])];
  const ddos = new Map(assets.map(({ ddo }) => [ddo.id, JSON.stringify(ddo)]));
  for (const [did, text] of ddos) {
    await archive.text(`${DDOS}/${didSuffix(did)}`, text);
    await archive.text(`${DDOS}/${did}`, text);
  }
}

async function writeDatasets(writing: Writing, spec: JobSpec, inputs: Inputs, signal: AbortSignal): Promise<void> {
  const { archive, fetcher } = writing;
  const counts = new Map<string, number>();
  for (const [index, input] of inputs.datasets.entries()) {
    const did = spec.datasets[index]?.ddo.id;
    if (did === undefined) throw new RangeError('every dataset is located');
    const folder = `${INPUTS}/${didSuffix(did)}`;
    // An asset that is given twice, with two of its services, goes on counting.
    const before = counts.get(did);
    if (before === undefined) archive.folder(folder);
    const written = await writeFiles(input, writing, signal, (wanted, number) =>
      fetcher.fetchInto(wanted, archive.file(`${folder}/${(before ?? 0) + number}`), signal),
    );
    counts.set(did, (before ?? 0) + written);
  }
}

async function writeAlgorithm(writing: Writing, spec: JobSpec, inputs: Inputs, signal: AbortSignal): Promise<void> {
  const { archive, fetcher } = writing;
  const { algorithm } = spec;
  const path = (number: number) => `${TRANSFORMATIONS}/${number === 0 ? 'algorithm' : number}`;
  const mode = (number: number) => (number === 0 ? 0o555 : 0o444);
  if (algorithm.kind === 'rawcode') return archive.text(path(0), algorithm.rawcode, mode(0));

  const input = inputs.algorithm;
  if (!input) throw new RangeError('an algorithm that is not in the order is located');
  const checksums: string[] = [];
  const written = await writeFiles(input, writing, signal, async (wanted, number) => {
    const hash = createHash('sha256');
    const sink = archive.file(path(number), mode(number));
    const isThere = await fetcher.fetchInto({ ...wanted, hash }, sink, signal);
    if (isThere) checksums.push(hash.digest('hex'));
    return isThere;
  });
  const { name } = input.asset;
  if (written === 0) throw new CapstanError('ALGORITHM_UNAVAILABLE', `The ${name} has no files.`);
  if (algorithm.kind === 'published') requireTrusted(algorithm, name, checksums.join(''));
}

/** Whoever holds them could go on for ever. */
const MOST_FILES = 10_000;

/** Writes one file after the other, as far as there are any; resolves to how many. */
async function writeFiles(
  { asset, located, userdata }: Input,
  { fetcher, intake }: Writing,
  signal: AbortSignal,
  write: (wanted: Wanted, number: number) => Promise<boolean>,
): Promise<number> {
  const count = await namingAsync(asset, () =>
    located.kind === 'here' ? Promise.resolve(located.files.length) : fetcher.countOf(located.held, signal),
  );
  for (let number = 0; number < (count ?? Number.POSITIVE_INFINITY); number++) {
    if (number === MOST_FILES)
      throw new CapstanError(asset.code, `The ${asset.name} has more than ${MOST_FILES} files.`);
    const file = fileAt(located, number);
    if (!file) return number;
    const wanted = {
      file,
      userdata,
      // A provider that doesn't say how many there are is asked until it says that there are no more. The first one must be there.
      mayBeAbsent: count === undefined && number > 0,
      allowance: intake.allowance(),
      watcher: intake.watcher,
    };
    const numbered = { ...asset, name: `File ${number} of the ${asset.name}` };
    if (!(await namingAsync(numbered, () => write(wanted, number)))) return number;
  }
  return count ?? 0;
}

function fileAt(located: Located, fileIndex: number): SourceFile | undefined {
  return located.kind === 'here' ? located.files[fileIndex] : { type: 'provider', ...located.held, fileIndex };
}

/** The check on what was really downloaded: the file behind an address may have changed since its owner was asked. */
function requireTrusted(
  { trustedFilesChecksums }: Extract<Algorithm, { kind: 'published' }>,
  name: string,
  checksum: string,
): void {
  if (trustedFilesChecksums.every((list) => list.some((trusted) => trusted.toLowerCase() === checksum))) return;
  throw new CapstanError(
    'ALGORITHM_UNAVAILABLE',
    `The files of the ${name} are not the ones that the data's owner trusts (algorithm_file_checksum_mismatch).`,
  );
}
