/** Writes everything that an algorithm finds below `/data` into one archive: folders, DDOs, datasets, the algorithm itself. */
import { createHash } from 'node:crypto';
import { didSuffix } from '@capstan/shared/contract/ids';
import type { Algorithm, JobSpec } from '@capstan/shared/contract/job';
import { CapstanError, hasCode } from '@capstan/shared/errors';
import type { Fetcher } from '../../fetch/fetcher.ts';
import { filesOfText, locate, userdataOf, type Located, type OwnNode } from '../../fetch/sealed-files.ts';
import type { SourceFile, UserData } from '../../fetch/source.ts';
import type { Archive } from '../archive.ts';
import { DDOS, IN, INPUTS, LOGS, MOUNT_POINTS, OUTPUTS, TRANSFORMATIONS } from '../layout.ts';

export interface Filling {
  readonly spec: JobSpec;
  readonly jobUid: number;
  readonly own: OwnNode;
  readonly fetcher: Fetcher;
}

/** Throws DATA_UNAVAILABLE or ALGORITHM_UNAVAILABLE with which file and why, or FETCH_INTERRUPTED where all may be tried again. */
export async function fill(archive: Archive, filling: Filling, signal: AbortSignal): Promise<void> {
  const { spec, jobUid } = filling;
  for (const folder of [IN, INPUTS, DDOS, TRANSFORMATIONS, ...MOUNT_POINTS]) archive.folder(folder);
  // A volume belongs to root until an archive says whose it is.
  for (const folder of [OUTPUTS, LOGS]) archive.folder(folder, jobUid);
  await writeDdos(archive, spec);
  if (spec.algocustomdata !== undefined) {
    await archive.text(`${INPUTS}/algoCustomData.json`, JSON.stringify(spec.algocustomdata));
  }
  await writeAlgorithm(archive, filling, signal);
  await writeDatasets(archive, filling, signal);
  archive.end();
}

async function writeDdos(archive: Archive, { datasets, algorithm }: JobSpec): Promise<void> {
  const assets = [...datasets, ...(algorithm.kind === 'published' ? [algorithm.asset] : [])];
  const ddos = new Map(assets.map(({ ddo }) => [ddo.id, JSON.stringify(ddo)]));
  for (const [did, text] of ddos) {
    await archive.text(`${DDOS}/${didSuffix(did)}`, text);
    await archive.text(`${DDOS}/${did}`, text);
  }
}

async function writeDatasets(archive: Archive, { spec, own, fetcher }: Filling, signal: AbortSignal): Promise<void> {
  const counts = new Map<string, number>();
  for (const dataset of spec.datasets) {
    const did = dataset.ddo.id;
    const asset = { name: `dataset ${did}`, code: 'DATA_UNAVAILABLE' } as const;
    const { located, userdata } = naming(asset, () => ({
      located: locate(dataset, own),
      userdata: userdataOf(dataset.sealedUserdata, own.key),
    }));
    const folder = `${INPUTS}/${didSuffix(did)}`;
    // An asset that is given twice, with two of its services, goes on counting.
    const before = counts.get(did);
    if (before === undefined) archive.folder(folder);
    const written = await writeFiles(asset, { located, fetcher }, signal, (wanted, number) =>
      fetcher.fetchInto({ ...wanted, userdata }, archive.file(`${folder}/${(before ?? 0) + number}`), signal),
    );
    counts.set(did, (before ?? 0) + written);
  }
}

async function writeAlgorithm(archive: Archive, { spec, own, fetcher }: Filling, signal: AbortSignal): Promise<void> {
  const { algorithm } = spec;
  const path = (number: number) => `${TRANSFORMATIONS}/${number === 0 ? 'algorithm' : number}`;
  const mode = (number: number) => (number === 0 ? 0o555 : 0o444);
  if (algorithm.kind === 'rawcode') return archive.text(path(0), algorithm.rawcode, mode(0));

  const asset = { name: nameOf(algorithm), code: 'ALGORITHM_UNAVAILABLE' } as const;
  const { located, userdata } = naming(asset, () => locateAlgorithm(algorithm, own));
  const checksums: string[] = [];
  const written = await writeFiles(asset, { located, fetcher }, signal, async (wanted, number) => {
    const hash = createHash('sha256');
    const sink = archive.file(path(number), mode(number));
    const isThere = await fetcher.fetchInto({ ...wanted, userdata, hash }, sink, signal);
    if (isThere) checksums.push(hash.digest('hex'));
    return isThere;
  });
  if (written === 0) throw new CapstanError('ALGORITHM_UNAVAILABLE', `The ${asset.name} has no files.`);
  if (algorithm.kind === 'published') requireTrusted(algorithm, asset.name, checksums.join(''));
}

function locateAlgorithm(
  algorithm: Exclude<Algorithm, { kind: 'rawcode' }>,
  own: OwnNode,
): { readonly located: Located; readonly userdata: UserData } {
  const { sealedUserdata } = algorithm.kind === 'published' ? algorithm.asset : algorithm;
  const located: Located =
    algorithm.kind === 'published'
      ? locate(algorithm.asset, own)
      : { kind: 'here', files: filesOfText(algorithm.sealedFiles, own.key) };
  return { located, userdata: userdataOf(sealedUserdata, own.key) };
}

interface Asset {
  readonly name: string;
  readonly code: 'DATA_UNAVAILABLE' | 'ALGORITHM_UNAVAILABLE';
}

interface WantedFile {
  readonly file: SourceFile;
  readonly mayBeAbsent: boolean;
}

/** Whoever holds them could go on for ever. */
const MOST_FILES = 10_000;

/** Writes one file after the other, as far as there are any; resolves to how many. */
async function writeFiles(
  asset: Asset,
  { located, fetcher }: { readonly located: Located; readonly fetcher: Fetcher },
  signal: AbortSignal,
  write: (wanted: WantedFile, number: number) => Promise<boolean>,
): Promise<number> {
  const count = await namingAsync(asset, () =>
    located.kind === 'here' ? Promise.resolve(located.files.length) : fetcher.countOf(located.held, signal),
  );
  for (let number = 0; number < (count ?? Number.POSITIVE_INFINITY); number++) {
    if (number === MOST_FILES)
      throw new CapstanError(asset.code, `The ${asset.name} has more than ${MOST_FILES} files.`);
    const file = fileAt(located, number);
    if (!file) return number;
    // A provider that doesn't say how many there are is asked until it says that there are no more. The first one must be there.
    const wanted = { file, mayBeAbsent: count === undefined && number > 0 };
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

function nameOf(algorithm: Exclude<Algorithm, { kind: 'rawcode' }>): string {
  return algorithm.kind === 'published' ? `algorithm ${algorithm.asset.ddo.id}` : 'algorithm';
}

/** Adds which one it was to a failure. One that all may be tried again after has the final failure as its cause. */
function named({ name, code }: Asset, error: unknown): unknown {
  if (!hasCode(error, 'FETCH_FAILED', 'FETCH_INTERRUPTED')) return error;
  const what = name.startsWith('File ') ? name : `The ${name}`;
  const text = `${what} could not be fetched: ${error.message.replace(/\.$/, '')}.`;
  const failure = new CapstanError(code, text, { cause: error });
  return error.code === 'FETCH_FAILED' ? failure : new CapstanError(error.code, text, { cause: failure });
}

function naming<T>(asset: Asset, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(asset, error);
  }
}

async function namingAsync<T>(asset: Asset, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw named(asset, error);
  }
}
