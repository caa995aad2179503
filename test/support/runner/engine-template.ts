/**
 * What an engine with an image keeps, made once in a process. To save, send and load the image takes a processor four seconds for each
 * engine; to copy the folder takes a tenth of one. Engines share nothing: each has a copy of its own.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Makes an engine's data root at `dataRoot`, below `dir`, and ends with an engine that has stopped. */
export type MakeDataRoot = (dir: string, dataRoot: string) => Promise<void>;

const made = new Map<string, Promise<string>>();

/** Fills `dataRoot` with a copy of what `make` makes; `name` says what that is. One that could not be made is tried again by the next. */
export async function fillFromTemplate(dataRoot: string, name: string, make: MakeDataRoot): Promise<void> {
  const template = made.get(name) ?? makeTemplate(make);
  made.set(name, template);
  try {
    const from = await template;
    await mkdir(dataRoot, { recursive: true });
    // With owners, device nodes, extended attributes and holes.
    await run('cp', ['--archive', `${from}/.`, dataRoot]);
  } catch (error) {
    if (made.get(name) === template) made.delete(name);
    throw error;
  }
}

async function makeTemplate(make: MakeDataRoot): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'capstan-engine-template-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const dataRoot = join(dir, 'data');
  await make(join(dir, 'engine'), dataRoot);
  return dataRoot;
}
