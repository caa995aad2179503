/** The catalogue folder from its owner's side: `<DID without did:op:>.json` each, and files of their own under `files/`. */
import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SealedFilesSchema, type AssetFile, type Ddo } from '@capstan/shared/contract/ddo';
import { didSuffix, type Did } from '@capstan/shared/contract/ids';
import { CapstanError, messageOf, systemCode } from '@capstan/shared/contract/errors';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { publicKeyOf, seal, unseal } from '@capstan/shared/crypto/seal';
import { readDdo } from '@capstan/shared/assets/read-ddo';
import { compileStrict } from '@capstan/shared/schema/validate';
import { describeAsset, type NewAsset } from './ddo.ts';
import { namesIn } from '@capstan/shared/runtime/names-in-folder';

export interface Catalogue {
  readonly dir: string;
  /** All of it is there afterwards, or nothing. */
  add(asset: NewAsset, sources: readonly Source[]): Promise<Ddo>;
  /** Writes a changed description over what was there; `sources` take the place of its files where they are given. */
  update(ddo: Ddo, sources?: readonly Source[]): Promise<Ddo>;
  /** What there is, and the files of the folder that are no descriptions. */
  list(): Promise<Listing>;
  /** Assets of a type that offer the same address, or a file with the same bytes. */
  sameAs(source: Source, type: Ddo['metadata']['type']): Promise<readonly Ddo[]>;
  /** By which others trust it: the sha256 of each of its files, one after the other. */
  filesChecksum(ddo: Ddo): Promise<string>;
  find(did: Did): Promise<Ddo | undefined>;
  /** Where its files are: for the owner's eyes only. */
  files(ddo: Ddo): readonly AssetFile[];
  /** Deletes the description and the files that were copied for it. Whether there was one. */
  remove(did: Did): Promise<boolean>;
}

/** Where a file is now: an http(s) URL, which is fetched when a job needs it, or the absolute path of a local file, which is copied now. */
export type Source =
  | string
  | {
      readonly from: string;
      /** That the file shall have, hex: another one is refused, now or when a job fetches it. */
      readonly sha256?: string | undefined;
    };

export interface Listing {
  readonly ddos: readonly Ddo[];
  readonly unreadable: readonly { readonly name: string; readonly problem: string }[];
}

interface CatalogueOptions {
  readonly dir: string;
  readonly key: NodeKey;
  readonly chainId: number;
}

/** The way the gateway reads them. */
function parseDdo(value: unknown): Ddo {
  const read = readDdo(value);
  if (read.ok) return read.value;
  const problems = Object.values(read.errors).flat().join(' ');
  throw new CapstanError('INVALID_MESSAGE', `This is not a valid asset description: ${problems}`);
}

const parseFiles = compileStrict('list of files', SealedFilesSchema);

/** Who downloads a file sees how its name ends, and no more of it: of `weather.csv` a name that ends in `.csv`. */
const ENDING = /(?<=.)\.[a-z0-9]{1,12}$/i;

export function openCatalogue({ dir, key, chainId }: CatalogueOptions): Catalogue {
  const filesDir = join(dir, 'files');
  const pathOf = (did: Did) => join(dir, `${didSuffix(did)}.json`);

  const take = async (source: Source): Promise<AssetFile> => {
    const { from, sha256 } = sourceOf(source);
    const sum = sha256 === undefined ? {} : { sha256 };
    if (!isAbsolute(from)) return { type: 'url', url: checkUrl(from), ...sum };
    await checkFile(from);
    const path = `${randomBytes(16).toString('hex')}${ENDING.exec(basename(from))?.[0] ?? ''}`;
    try {
      await copyFile(from, join(filesDir, path), constants.COPYFILE_EXCL);
      // Whoever is let into the folder reads it, however closely the original was kept: the runner may be another user of our group.
      await chmod(join(filesDir, path), 0o640);
      await requireSum(join(filesDir, path), from, sha256);
    } catch (error) {
      await rm(join(filesDir, path), { force: true });
      if (error instanceof CapstanError) throw error;
      throw new CapstanError('BAD_REQUEST', `The file ${from} can't be copied: ${messageOf(error)}`, { cause: error });
    }
    return { type: 'catalogue', path, ...sum };
  };
  /** All or none. */
  const takeAll = async (sources: readonly Source[]): Promise<readonly AssetFile[]> => {
    await mkdir(filesDir, { recursive: true, mode: 0o700 });
    const taken: AssetFile[] = [];
    try {
      for (const source of sources) taken.push(await take(source));
      return taken;
    } catch (error) {
      await drop(taken);
      throw error;
    }
  };
  const drop = async (files: readonly AssetFile[]) => {
    for (const file of files) if (file.type === 'catalogue') await rm(join(filesDir, file.path), { force: true });
  };
  const files = (ddo: Ddo) =>
    ddo.services.flatMap((service) => {
      const sealed = parseFiles(JSON.parse(unseal(key, service.files)));
      return Array.isArray(sealed) ? sealed : sealed.files;
    });
  /** None of a description that was sealed to a key that is lost: what nobody can open, nobody offers. */
  const readableFiles = (ddo: Ddo): readonly AssetFile[] => {
    try {
      return files(ddo);
    } catch {
      return [];
    }
  };
  const find = async (did: Did) => {
    try {
      return parseDdo(JSON.parse(await readFile(pathOf(did), 'utf8')));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  };

  const list = async (): Promise<Listing> => {
    const ddos: Ddo[] = [];
    const unreadable: { name: string; problem: string }[] = [];
    for (const name of (await namesIn(dir)).filter((each) => each.endsWith('.json'))) {
      try {
        ddos.push(parseDdo(JSON.parse(await readFile(join(dir, name), 'utf8'))));
      } catch (error) {
        unreadable.push({ name, problem: messageOf(error) });
      }
    }
    return { ddos, unreadable };
  };

  return {
    dir,
    find,
    files,
    async add(asset, sources) {
      const taken = await takeAll(sources);
      try {
        const ddo = describeAsset({ asset, files: taken, chainId, publicKey: publicKeyOf(key) });
        await writeWhole(pathOf(ddo.id), `${JSON.stringify(ddo, undefined, 2)}\n`);
        return ddo;
      } catch (error) {
        await drop(taken);
        throw error;
      }
    },
    async update(ddo, sources) {
      const before = sources === undefined ? [] : files(ddo);
      const taken = sources === undefined ? [] : await takeAll(sources);
      const changed = sources === undefined ? ddo : withFiles(ddo, taken, publicKeyOf(key));
      try {
        await writeWhole(pathOf(ddo.id), `${JSON.stringify(changed, undefined, 2)}\n`);
      } catch (error) {
        await drop(taken);
        throw error;
      }
      await drop(before);
      return changed;
    },
    list,
    async sameAs(source, type) {
      const { from } = sourceOf(source);
      if (isAbsolute(from)) await checkFile(from);
      const sum = isAbsolute(from) ? await sha256Of(from) : undefined;
      const isSame = async (file: AssetFile) => {
        if (file.type === 'url') return file.url === from;
        return file.type === 'catalogue' && sum !== undefined && (await sha256Of(join(filesDir, file.path))) === sum;
      };
      const found: Ddo[] = [];
      for (const ddo of (await list()).ddos.filter(({ metadata }) => metadata.type === type)) {
        for (const file of readableFiles(ddo)) if (await isSame(file)) found.push(ddo);
      }
      return found;
    },
    async filesChecksum(ddo) {
      const sums = files(ddo).map((file) => {
        if (file.type === 'catalogue') return sha256Of(join(filesDir, file.path));
        if (file.sha256 !== undefined) return Promise.resolve(file.sha256);
        throw new CapstanError(
          'BAD_REQUEST',
          `What ${ddo.id} is made of lies elsewhere, and nobody has said its checksum: npm run catalogue -- update ${ddo.id} URL --sha256 …`,
        );
      });
      return (await Promise.all(sums)).join('');
    },
    async remove(did) {
      const ddo = await find(did);
      if (ddo === undefined) return false;
      await rm(pathOf(did));
      await drop(files(ddo));
      return true;
    },
  };
}

const sourceOf = (source: Source): Exclude<Source, string> => (typeof source === 'string' ? { from: source } : source);

/** The same asset with other files. */
function withFiles(ddo: Ddo, files: readonly AssetFile[], publicKey: string): Ddo {
  const { nftAddress } = ddo;
  return {
    ...ddo,
    services: ddo.services.map((service) => {
      const { datatokenAddress } = service;
      return { ...service, files: seal(publicKey, JSON.stringify({ datatokenAddress, nftAddress, files })) };
    }),
  };
}

async function requireSum(path: string, from: string, sha256: string | undefined): Promise<void> {
  if (sha256 === undefined) return;
  const found = await sha256Of(path);
  if (found === sha256) return;
  throw new CapstanError('BAD_REQUEST', `The file ${from} has another checksum than you say: ${found}.`);
}

async function sha256Of(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new CapstanError('BAD_REQUEST', `The file ${path} can't be read: ${messageOf(error)}`, { cause: error });
  }
}

function checkUrl(source: string): string {
  const url = URL.parse(source);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return source;
  throw new CapstanError('BAD_REQUEST', `${source} is neither an http(s) URL nor the absolute path of a local file.`);
}

async function checkFile(path: string): Promise<void> {
  try {
    if ((await stat(path)).isFile()) return;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new CapstanError('BAD_REQUEST', `There is no file ${path}.`);
    throw new CapstanError('BAD_REQUEST', `The file ${path} can't be read: ${messageOf(error)}`, { cause: error });
  }
  throw new CapstanError('BAD_REQUEST', `${path} is not a file. Add single files, or an archive of them.`);
}

/** The gateway reads while we write: a description appears whole or not at all. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(temporary, text, { flush: true });
  await rename(temporary, path);
}
