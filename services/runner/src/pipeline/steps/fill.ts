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
  FILTER_ALGORITHM,
  FILTER_DDOS,
  FILTER_ETC,
  FILTER_MOUNT_POINTS,
  FILTER_OWN,
  FILTER_SCRATCH,
  FILTER_SEES,
  inArchive,
  inArchiveOfFilter,
  INPUTS,
  LOGS,
  MOUNT_POINTS,
  OUTPUTS,
  OWN,
  type Place,
  SCRATCH,
  TRANSFORMATIONS,
} from '../../docker/layout.ts';
import type { Meter } from '../../reporting/progress.ts';
import { filesIn, locateInputs, namingAsync, type Input, type Inputs } from './inputs.ts';

export interface Filling {
  readonly spec: JobSpec;
  readonly jobUid: number;
  readonly surroundings: Surroundings;
  /** The filter's, of a job that has one. */
  readonly filter: (Surroundings & { readonly seesInputs: boolean }) | undefined;
  /** All files of the job together. */
  readonly maxBytes: number;
  readonly own: OwnNode;
  readonly fetcher: Fetcher;
  readonly meter: Meter;
}

/** What a program finds beside the data. */
export interface Surroundings {
  /** Files that name the job's user, by their names; none where the image keeps its own. */
  readonly users: Readonly<Record<string, string>>;
  /** In the scratch folder, each a link to the same name at the root. */
  readonly rooted: readonly string[];
  /** That the image wants to be there: its volumes, and where it works. */
  readonly folders: readonly string[];
}

/** Throws DATA_UNAVAILABLE or ALGORITHM_UNAVAILABLE with which file and why, or FETCH_INTERRUPTED where all may be tried again. */
export async function fill(archive: Archive, filling: Filling, signal: AbortSignal): Promise<void> {
  const { spec, jobUid, surroundings, filter, own, fetcher, meter, maxBytes } = filling;
  const inputs = locateInputs(spec, own);
  const writing = { archive, fetcher, intake: createIntake({ maxBytes, files: filesIn(inputs), meter }) };
  for (const folder of [OWN, TRANSFORMATIONS]) archive.folder(folder, 0, SHARED_FOLDER);
  for (const folder of [INPUTS, DDOS, ...MOUNT_POINTS]) archive.folder(folder);
  // A volume belongs to root until an archive says whose it is.
  for (const folder of [OUTPUTS, LOGS]) archive.folder(folder, jobUid);
  await surround(archive, surroundings, { scratch: SCRATCH, etc: ETC, placeOf: inArchive, jobUid });
  await writeDdos(archive, spec, DDOS);
  if (filter) await fillFilter(archive, filter, { spec, jobUid });
  await archive.text(`${INPUTS}/algoCustomData.json`, JSON.stringify(spec.algocustomdata ?? {}));
  await writeAlgorithm(writing, spec, inputs, signal);
  await writeDatasets(writing, spec, inputs, signal);
  archive.end();
}

/** What is around the outputs there. The algorithm does not see it. */
async function fillFilter(
  archive: Archive,
  filter: NonNullable<Filling['filter']>,
  { spec, jobUid }: Pick<Filling, 'spec' | 'jobUid'>,
): Promise<void> {
  archive.folder(FILTER_OWN, 0, SHARED_FOLDER);
  for (const folder of FILTER_MOUNT_POINTS) archive.folder(folder);
  const places = { scratch: FILTER_SCRATCH, etc: FILTER_ETC, placeOf: inArchiveOfFilter };
  await surround(archive, filter, { ...places, jobUid });
  if (!filter.seesInputs) return;
  for (const folder of FILTER_SEES) archive.folder(folder);
  archive.link(...FILTER_ALGORITHM, 0);
  await writeDdos(archive, spec, FILTER_DDOS);
}

interface Where {
  readonly scratch: string;
  readonly etc: string;
  readonly placeOf: (path: string) => Place | undefined;
  readonly jobUid: number;
}

async function surround(
  archive: Archive,
  { users, rooted, folders }: Surroundings,
  { scratch, etc, placeOf, jobUid }: Where,
): Promise<void> {
  archive.folder(scratch, jobUid);
  for (const place of folders.map(placeOf)) if (place) writeFolder(archive, place, jobUid);
  for (const name of rooted) archive.link(`${scratch}/${name}`, `/${name}`, jobUid);
  for (const [name, text] of Object.entries(users)) await archive.text(`${etc}/${name}`, text);
}

/** With those around it, which are there in part. What others mount volumes on, nobody may replace: it is the job's only where all is. */
function writeFolder(archive: Archive, { name, holder }: Place, jobUid: number): void {
  const parts = name.split('/');
  for (let depth = 1; depth <= parts.length; depth++) {
    const folder = parts.slice(0, depth).join('/');
    if (THERE.includes(folder)) continue;
    if (holder === 'shared') archive.folder(folder, 0, SHARED_FOLDER);
    else archive.folder(folder, holder === 'job' ? jobUid : 0);
  }
}

/** What is written in any case, and what the files container has. */
const THERE: readonly string[] = [
  'out',
  'filter',
  OWN,
  OUTPUTS,
  LOGS,
  SCRATCH,
  INPUTS,
  DDOS,
  TRANSFORMATIONS,
  ...MOUNT_POINTS,
  FILTER_OWN,
  FILTER_SCRATCH,
  FILTER_ALGORITHM[0],
  ...FILTER_MOUNT_POINTS,
  ...FILTER_SEES,
];

interface Writing {
  readonly archive: Archive;
  readonly fetcher: Fetcher;
  readonly intake: Intake;
}

async function writeDdos(archive: Archive, { datasets, algorithm }: JobSpec, folder: string): Promise<void> {
  const assets = [...datasets, ...(algorithm.kind === 'published' ? [algorithm.asset] : [])];
  const ddos = new Map(assets.map(({ ddo }) => [ddo.id, JSON.stringify(ddo)]));
  for (const [did, text] of ddos) {
    await archive.text(`${folder}/${didSuffix(did)}`, text);
    await archive.text(`${folder}/${did}`, text);
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
