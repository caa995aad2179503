/** What a backup holds, and how one knows that it is whole: `backup.json` lists every file with its size and SHA-256. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Type, type Static } from 'typebox';
import { compile } from '@capstan/shared/schema/validate';

export const CONTENTS = 'backup.json';
/** The copy of the store. */
export const STORE_FILE = 'store.db';
/** The node's key, wherever it comes from, and its settings, if they are a file. */
export const KEY_FILE = 'node.key';
export const CONFIG_FILE = 'capstan.yaml';
export const FOLDERS = ['catalogue', 'results'] as const;

const ContentsSchema = Type.Object({
  v: Type.Literal(1),
  /** ISO 8601. */
  madeAt: Type.String(),
  hasResults: Type.Boolean(),
  /** What a new machine needs beside it, for a person. */
  leftOut: Type.Optional(Type.Array(Type.String())),
  files: Type.Array(
    Type.Object({
      path: Type.String({ pattern: '^[^/].*$' }),
      bytes: Type.Integer({ minimum: 0 }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    }),
  ),
});
export type Contents = Static<typeof ContentsSchema>;

const validate = compile(ContentsSchema);

/** Every file below `dir` but the list itself. */
export async function listFiles(dir: string): Promise<Contents['files']> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .filter((path) => path !== CONTENTS)
    .toSorted();
  const files: Contents['files'] = [];
  for (const path of paths) {
    const { size } = await stat(join(dir, path));
    files.push({ path, bytes: size, sha256: await sha256Of(join(dir, path)) });
  }
  return files;
}

/** Says what is not there: the system's own words would name a file that the caller has not. */
async function contentsText(dir: string): Promise<string> {
  if (!existsSync(dir)) throw new Error(`There is no ${dir}. Name the folder that npm run backup has printed.`);
  const path = join(dir, CONTENTS);
  if (!existsSync(path)) throw new Error(`${dir} is no backup, or one that was not finished: it has no ${CONTENTS}.`);
  return readFile(path, 'utf8');
}

/** Nothing, of a text that is no JSON: no list is made of it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The list of a backup that is whole; throws what is wrong with one that is not. */
export async function checkedContents(dir: string): Promise<Contents> {
  const checked = validate(parsed(await contentsText(dir)));
  if (!checked.ok) throw new Error(`${join(dir, CONTENTS)} is not a list of a backup that this version can read.`);
  const actual = new Map((await listFiles(dir)).map((file) => [file.path, file]));
  for (const { path, sha256 } of checked.value.files) {
    const found = actual.get(path);
    if (!found) throw new Error(`The backup is not whole: ${path} is missing.`);
    if (found.sha256 !== sha256) throw new Error(`The backup is damaged: ${path} is not what was saved.`);
  }
  return checked.value;
}

/** Throws unless the files that were copied are those of the list: `copies` says where the file, or the folder, of a name lies now. */
export async function requireWhole({ files }: Contents, copies: Readonly<Record<string, string>>): Promise<void> {
  for (const { path, sha256 } of files) {
    const [name = '', ...rest] = path.split('/');
    const at = copies[name];
    if (at === undefined) continue;
    if ((await sha256Of(join(at, ...rest))) !== sha256)
      throw new Error(`${path} could not be copied: it is another file now.`);
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
