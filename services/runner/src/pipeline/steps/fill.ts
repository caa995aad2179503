/** Writes everything that an algorithm finds below `/data` into one archive: folders, DDOs, datasets, the algorithm itself. */
import { createHash } from 'node:crypto';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { didSuffix } from '@capstan/shared/contract/ids';
import type { Algorithm, AssetInput, JobSpec } from '@capstan/shared/contract/job';
import { CapstanError, hasCode, type ErrorCode } from '@capstan/shared/errors';
import type { NodeKey } from '@capstan/shared/node-key';
import type { UserData } from '../../fetch/download.ts';
import type { Fetcher } from '../../fetch/fetcher.ts';
import { filesOf, filesOfText, userdataOf } from '../../fetch/sealed-files.ts';
import type { Archive } from '../archive.ts';
import { DDOS, IN, INPUTS, LOGS, MOUNT_POINTS, OUTPUTS, TRANSFORMATIONS } from '../layout.ts';

export interface Filling {
  readonly spec: JobSpec;
  readonly jobUid: number;
  readonly key: NodeKey;
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

async function writeDatasets(archive: Archive, { spec, key, fetcher }: Filling, signal: AbortSignal): Promise<void> {
  const counts = new Map<string, number>();
  for (const dataset of spec.datasets) {
    const did = dataset.ddo.id;
    const asset = `The dataset ${did}`;
    const { files, userdata } = naming(asset, 'DATA_UNAVAILABLE', () => unsealAsset(dataset, key));
    const folder = `${INPUTS}/${didSuffix(did)}`;
    if (!counts.has(did)) archive.folder(folder);
    for (const [number, file] of files.entries()) {
      // An asset that is given twice, with two of its services, goes on counting.
      const index = counts.get(did) ?? 0;
      counts.set(did, index + 1);
      await namingAsync(`File ${number} of the dataset ${did}`, 'DATA_UNAVAILABLE', () =>
        fetcher.fetchInto({ file, userdata }, archive.file(`${folder}/${index}`), signal),
      );
    }
  }
}

async function writeAlgorithm(archive: Archive, { spec, key, fetcher }: Filling, signal: AbortSignal): Promise<void> {
  const { algorithm } = spec;
  const path = (number: number) => `${TRANSFORMATIONS}/${number === 0 ? 'algorithm' : number}`;
  const mode = (number: number) => (number === 0 ? 0o555 : 0o444);
  if (algorithm.kind === 'rawcode') return archive.text(path(0), algorithm.rawcode, mode(0));

  const name = nameOf(algorithm);
  const { files, userdata } = naming(`The ${name}`, 'ALGORITHM_UNAVAILABLE', () =>
    algorithm.kind === 'published'
      ? unsealAsset(algorithm.asset, key)
      : { files: filesOfText(algorithm.sealedFiles, key), userdata: userdataOf(algorithm.sealedUserdata, key) },
  );
  if (files.length === 0) throw new CapstanError('ALGORITHM_UNAVAILABLE', `The ${name} has no files.`);
  const checksums: string[] = [];
  for (const [number, file] of files.entries()) {
    const hash = createHash('sha256');
    await namingAsync(`File ${number} of the ${name}`, 'ALGORITHM_UNAVAILABLE', () =>
      fetcher.fetchInto({ file, userdata, hash }, archive.file(path(number), mode(number)), signal),
    );
    checksums.push(hash.digest('hex'));
  }
  if (algorithm.kind === 'published') requireTrusted(algorithm, name, checksums.join(''));
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

function unsealAsset(
  asset: AssetInput,
  key: NodeKey,
): { readonly files: readonly AssetFile[]; readonly userdata: UserData } {
  return { files: filesOf(asset, key), userdata: userdataOf(asset.sealedUserdata, key) };
}

/** Adds which file it was to a failure. One that all may be tried again after has the final failure as its cause. */
function named(what: string, code: ErrorCode, error: unknown): unknown {
  if (!hasCode(error, 'FETCH_FAILED', 'FETCH_INTERRUPTED')) return error;
  const text = `${what} could not be fetched: ${error.message.replace(/\.$/, '')}.`;
  const failure = new CapstanError(code, text, { cause: error });
  return error.code === 'FETCH_FAILED' ? failure : new CapstanError(error.code, text, { cause: failure });
}

function naming<T>(what: string, code: ErrorCode, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(what, code, error);
  }
}

async function namingAsync<T>(what: string, code: ErrorCode, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw named(what, code, error);
  }
}
