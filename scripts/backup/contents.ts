/** What a backup holds, and how one knows that it is whole: `backup.json` lists every file with its size and SHA-256. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Type, type Static } from 'typebox';
import { compile } from '@capstan/shared/validate';

export const CONTENTS = 'backup.json';
/** The copy of the store. */
export const STORE_FILE = 'store.db';
/** Of the data folder, beside the store. The keys: without them neither assets nor tokens can be read. */
export const KEYS = ['node.key', 'token.key'] as const;
export const FOLDERS = ['catalogue', 'results'] as const;

const ContentsSchema = Type.Object({
  v: Type.Literal(1),
  /** ISO 8601. */
  madeAt: Type.String(),
  hasResults: Type.Boolean(),
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

/** The list of a backup that is whole; throws what is wrong with one that is not. */
export async function checkedContents(dir: string): Promise<Contents> {
  let text: string;
  try {
    text = await readFile(join(dir, CONTENTS), 'utf8');
  } catch (error) {
    throw new Error(`${dir} is no backup, or one that was not finished: it has no ${CONTENTS}.`, { cause: error });
  }
  const checked = validate(JSON.parse(text) as unknown);
  if (!checked.ok) throw new Error(`${join(dir, CONTENTS)} is not a list of a backup that this version can read.`);
  const actual = new Map((await listFiles(dir)).map((file) => [file.path, file]));
  for (const { path, sha256 } of checked.value.files) {
    const found = actual.get(path);
    if (!found) throw new Error(`The backup is not whole: ${path} is missing.`);
    if (found.sha256 !== sha256) throw new Error(`The backup is damaged: ${path} is not what was saved.`);
  }
  return checked.value;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
