/**
 * The scripts of the page as browsers load them: the TypeScript that stands in `ui/` and, of it, what it uses of shared. Types are
 * blanked out by Node itself, imports name where a module is served; nothing is bundled and nothing is built beforehand.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Where the modules of the page itself are served, and those of shared. */
export const APP_PATH = '/ui/app/';
export const SHARED_PATH = '/ui/shared/';

const { dirname, relative } = posix;

const SHARED = '@capstan/shared/';
const IMPORT = /^((?:import|export)\b[^;'"]*?\bfrom |import )(['"])([^'"]+)\2/gm;

/** From path to text: the entry and all that it needs, the entry first. */
export function pageModules(entry: URL): ReadonlyMap<string, string> {
  const folder = new URL('.', entry);
  const shared = sharedFolder();
  const modules = new Map<string, string>();
  const waiting = [entry];
  for (let file = waiting.shift(); file; file = waiting.shift()) {
    const path = servedAt(file, folder, shared);
    if (modules.has(path)) continue;
    const { text, imported } = moduleOf(file, { shared, path });
    modules.set(path, text);
    waiting.push(...imported);
  }
  return modules;
}

interface Served {
  readonly shared: URL;
  /** Where the module is served. */
  readonly path: string;
}

function moduleOf(file: URL, { shared, path }: Served): { readonly text: string; readonly imported: readonly URL[] } {
  const imported: URL[] = [];
  const stripped = stripTypeScriptTypes(readFileSync(file, 'utf8'));
  const text = stripped.replaceAll(IMPORT, (whole, begin: string, quote: string, specifier: string) => {
    if (specifier.startsWith('.')) {
      imported.push(new URL(specifier, file));
      return whole;
    }
    if (!specifier.startsWith(SHARED)) {
      throw new TypeError(`${fileURLToPath(file)} imports ${specifier}, which no browser finds.`);
    }
    const inside = `${specifier.slice(SHARED.length)}.ts`;
    imported.push(new URL(inside, shared));
    // Relative: the node may be served below a path.
    return `${begin}${quote}${relative(dirname(path), SHARED_PATH + inside)}${quote}`;
  });
  return { text, imported };
}

function servedAt(file: URL, folder: URL, shared: URL): string {
  if (file.href.startsWith(folder.href)) return APP_PATH + file.href.slice(folder.href.length);
  if (file.href.startsWith(shared.href)) return SHARED_PATH + file.href.slice(shared.href.length);
  throw new TypeError(`${fileURLToPath(file)} lies outside of the page and of shared.`);
}

/** The folder that the names `@capstan/shared/…` mean. */
function sharedFolder(): URL {
  return new URL('..', import.meta.resolve(`${SHARED}contract/errors`));
}
