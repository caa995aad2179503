/** `npm run docs`: writes the pages that are made from the code. With `--check`, only says which of them are no longer true. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { systemCode } from '@capstan/shared/contract/errors';
import { PAGES } from './docs/pages.ts';
import { readCommandLine } from './parts/command-line.ts';

const USAGE = `usage: npm run docs [-- --check]

Writes the pages and descriptions that are made from the code.

  --check   writes nothing; says which of them are not what the code says, with exit code 1 if any`;

const root = resolve(import.meta.dirname, '..');
const { values } = readCommandLine(USAGE, {
  options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
});
if (values.help) {
  console.log(USAGE);
  process.exit();
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

let stale = 0;
for (const [page, make] of Object.entries(PAGES)) {
  const path = join(root, page);
  const made = make();
  if ((await contentOf(path)) === made) continue;
  stale += 1;
  if (values.check) {
    console.error(`${page} is not what the code says. Run: npm run docs`);
  } else {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, made);
    console.log(`${page} written`);
  }
}
if (stale === 0) console.log('The docs are what the code says.');
if (values.check && stale > 0) process.exitCode = 1;
