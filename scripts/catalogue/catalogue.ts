/** The catalogue folder from its owner's side: `<DID without did:op:>.json` each, and files of their own under `files/`. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { DdoSchema, SealedFilesSchema, type AssetFile, type Ddo } from '@capstan/shared/contract/ddo';
import { didSuffix, type Did } from '@capstan/shared/contract/ids';
import { CapstanError, messageOf, systemCode } from '@capstan/shared/errors';
import type { NodeKey } from '@capstan/shared/node-key';
import { publicKeyOf, unseal } from '@capstan/shared/seal';
import { compileStrict } from '@capstan/shared/validate';
import { describeAsset, type NewAsset } from './ddo.ts';
import { namesIn } from '@capstan/shared/names-in';

export interface Catalogue {
  readonly dir: string;
  /** Each source is an http(s) URL, which is fetched when a job needs it, or the absolute path of a local file, which is copied now. */
  add(asset: NewAsset, sources: readonly string[]): Promise<Ddo>;
  list(): Promise<readonly Ddo[]>;
  find(did: Did): Promise<Ddo | undefined>;
  /** Where its files are: for the owner's eyes only. */
  files(ddo: Ddo): readonly AssetFile[];
  /** Deletes the description and the files that were copied for it. Whether there was one. */
  remove(did: Did): Promise<boolean>;
}

interface CatalogueOptions {
  readonly dir: string;
  readonly key: NodeKey;
  readonly chainId: number;
}

const parseDdo = compileStrict('asset description', DdoSchema);
const parseFiles = compileStrict('list of files', SealedFilesSchema);

export function openCatalogue({ dir, key, chainId }: CatalogueOptions): Catalogue {
  const filesDir = join(dir, 'files');
  const pathOf = (did: Did) => join(dir, `${didSuffix(did)}.json`);

  const take = async (source: string): Promise<AssetFile> => {
    if (!isAbsolute(source)) return { type: 'url', url: checkUrl(source) };
    await checkFile(source);
    const path = randomBytes(16).toString('hex');
    await copyFile(source, join(filesDir, path), constants.COPYFILE_EXCL);
    // Whoever is let into the folder reads it, however closely the original was kept: the runner may be another user of our group.
    await chmod(join(filesDir, path), 0o640);
    return { type: 'catalogue', path };
  };
  const drop = async (files: readonly AssetFile[]) => {
    for (const file of files) if (file.type === 'catalogue') await rm(join(filesDir, file.path), { force: true });
  };
  const files = (ddo: Ddo) =>
    ddo.services.flatMap((service) => {
      const sealed = parseFiles(JSON.parse(unseal(key, service.files)));
      return Array.isArray(sealed) ? sealed : sealed.files;
    });
  const find = async (did: Did) => {
    try {
      return parseDdo(JSON.parse(await readFile(pathOf(did), 'utf8')));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  };

  return {
    dir,
    find,
    files,
    async add(asset, sources) {
      await mkdir(filesDir, { recursive: true, mode: 0o700 });
      const taken: AssetFile[] = [];
      try {
        for (const source of sources) taken.push(await take(source));
        const ddo = describeAsset({ asset, files: taken, chainId, publicKey: publicKeyOf(key) });
        await writeWhole(pathOf(ddo.id), `${JSON.stringify(ddo, undefined, 2)}\n`);
        return ddo;
      } catch (error) {
        await drop(taken);
        throw error;
      }
    },
    async list() {
      const names = (await namesIn(dir)).filter((name) => name.endsWith('.json'));
      return Promise.all(names.map(async (name) => parseDdo(JSON.parse(await readFile(join(dir, name), 'utf8')))));
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

function checkUrl(source: string): string {
  const url = URL.parse(source);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return source;
  throw new CapstanError('BAD_REQUEST', `${source} is neither an http(s) URL nor the absolute path of a local file.`);
}

async function checkFile(path: string): Promise<void> {
  try {
    if ((await stat(path)).isFile()) return;
  } catch (error) {
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
