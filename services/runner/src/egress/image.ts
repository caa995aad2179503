/**
 * The image of the programs that give a job its network. It is made of what the runner itself runs on, its own Node and the libraries
 * that needs, so that no registry is needed, and nothing comes from anybody else.
 */
import { execFile } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { EGRESS_DIR, NODE_PATH, PROGRAMS_DIR } from './paths.ts';
import type { EngineImages } from '../docker/ports/images.ts';

const PROGRAMS = ['proxy.ts', 'relay.ts', 'addresses.ts'];
/** The rules that the runner has as well, under the names that they have for the runner: a package may import itself. */
const RULES = ['address-rule', 'own-addresses', 'pace'];
const PACKAGE = {
  name: '@capstan/shared',
  type: 'module',
  exports: Object.fromEntries(RULES.map((name) => [`./net/${name}`, `./${name}.ts`])),
};
/** Nobody else can push to it, and it is never pulled. */
const REPOSITORY = 'localhost/capstan/egress';
const MARK = 'capstan.made-by';
/** Which node's it is, whatever is in it. */
export const OWNER = 'capstan.egress-of';

export interface EgressImage {
  /** Resolves to its id, once the engine has the one that this node has made. Throws CONTAINER_REFUSED. */
  ensure(signal: AbortSignal): Promise<string>;
  /** Removes those that this node made before and nobody needs now: of other versions, or under earlier keys. Resolves to what they were. */
  tidy(signal: AbortSignal): Promise<readonly string[]>;
}

/** A name says nothing: whoever can tag an image can give it to theirs. What the runner looks for is a mark that only who has the node's key can make. */
export function createEgressImage(engine: ImageCalls, key: NodeKey): EgressImage {
  const find = async (reference: string, mark: string, signal: AbortSignal) => {
    const image = await engine.findImage(reference, signal);
    return image?.settings.labels[MARK] === mark ? image.id : undefined;
  };
  const build = async (reference: string, { files, mark }: Recipe, signal: AbortSignal) => {
    const labels = { [MARK]: mark, [OWNER]: ownerOf(key) };
    const archive = pack();
    try {
      await Promise.all([
        write(archive, files),
        engine.importImage(reference, { tar: archive as unknown as Readable, labels }, signal),
      ]);
    } finally {
      // Whichever of the two failed, the other must not wait for it.
      archive.destroy();
    }
  };
  /** What a container needs stays until the next time. */
  const removeOthers = async ({ id: current, reference }: Current, signal: AbortSignal) => {
    const removed: string[] = [];
    for (const each of [key, ...key.older()]) {
      for (const { id, tags } of await engine.findImages({ [OWNER]: ownerOf(each) }, signal)) {
        // By its name, too: it may be in the making.
        if (id === current || tags.includes(reference)) continue;
        // One whose name went to another has none: it goes by its id.
        const names = tags.length === 0 ? [id] : tags.filter((tag) => tag.startsWith(`${REPOSITORY}:`));
        for (const name of names) if ((await engine.removeImage(name, signal)) === 'removed') removed.push(name);
      }
    }
    return removed;
  };
  const recipe = async (): Promise<Recipe & { readonly reference: string }> => {
    const files = await ingredients();
    const mark = createHmac('sha256', key.secret())
      .update(`egress image 2\n${recipeOf(files)}`)
      .digest('hex');
    // Nodes that share an engine have an image each.
    const reference = `${REPOSITORY}:${createHash('sha256').update(mark).digest('hex').slice(0, 16)}`;
    return { files, mark, reference };
  };
  const makeSure = async (signal: AbortSignal) => {
    const { files, mark, reference } = await recipe();
    const found = await find(reference, mark, signal);
    if (found !== undefined) return found;
    await build(reference, { files, mark }, signal);
    const built = await find(reference, mark, signal);
    if (built === undefined) {
      throw new CapstanError('CONTAINER_REFUSED', 'The engine does not keep what gives a job its network.');
    }
    return built;
  };
  return {
    ensure: makeSure,
    async tidy(signal) {
      const { mark, reference } = await recipe();
      return removeOthers({ id: await find(reference, mark, signal), reference }, signal);
    },
  };
}

type ImageCalls = Pick<EngineImages, 'findImage' | 'findImages' | 'importImage' | 'removeImage'>;

export const ownerOf = (key: NodeKey) => createHmac('sha256', key.secret()).update('egress images').digest('hex');

/** What may not go: under its id, if it is there, and under its name. */
interface Current {
  readonly id: string | undefined;
  readonly reference: string;
}

interface Recipe {
  readonly files: Ingredients;
  readonly mark: string;
}

interface Ingredients {
  /** Small files, whole. */
  readonly texts: ReadonlyMap<string, Buffer>;
  /** Large ones: where they are in the image, and here. */
  readonly binaries: ReadonlyMap<string, string>;
}

async function ingredients(): Promise<Ingredients> {
  const texts = new Map<string, Buffer>();
  for (const name of PROGRAMS) {
    texts.set(`${PROGRAMS_DIR}/${name}`, await readFile(join(import.meta.dirname, 'programs', name)));
  }
  for (const name of RULES) {
    const path = fileURLToPath(import.meta.resolve(`@capstan/shared/net/${name}`));
    texts.set(`${PROGRAMS_DIR}/${name}.ts`, await readFile(path));
  }
  texts.set(`${PROGRAMS_DIR}/package.json`, Buffer.from(JSON.stringify(PACKAGE)));
  const ipaddr = fileURLToPath(import.meta.resolve('ipaddr.js'));
  const at = `${PROGRAMS_DIR}/node_modules/ipaddr.js`;
  texts.set(`${at}/lib/${basename(ipaddr)}`, await readFile(ipaddr));
  texts.set(`${at}/package.json`, await readFile(join(dirname(dirname(ipaddr)), 'package.json')));
  return { texts, binaries: new Map([[NODE_PATH, process.execPath], ...(await libraries())]) };
}

/** `ldd` names a library as `name => /path (address)` and the loader as `/path (address)`; each is found again at its path. */
async function libraries(): Promise<readonly [string, string][]> {
  try {
    const { stdout } = await promisify(execFile)('ldd', [process.execPath]);
    const paths = [...stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/gm)].map(([, path = '']) => path);
    return await Promise.all(paths.map(async (path): Promise<[string, string]> => [path, await realpath(path)]));
  } catch (error) {
    throw new CapstanError('CONTAINER_REFUSED', 'This node can not make what gives a job its network: it needs ldd.', {
      cause: new Error(messageOf(error)),
    });
  }
}

function recipeOf({ texts, binaries }: Ingredients): string {
  const hash = createHash('sha256').update(JSON.stringify([process.version, process.arch, [...binaries.keys()]]));
  for (const [path, content] of texts) hash.update(path).update(content);
  return hash.digest('hex');
}

async function write(archive: Pack, { texts, binaries }: Ingredients): Promise<void> {
  // Whoever runs in it makes its socket there: a new volume takes over the folder's rights.
  archive.entry({ name: `${EGRESS_DIR.slice(1)}/`, type: 'directory', mode: 0o1777 });
  for (const [path, content] of texts) archive.entry({ name: path.slice(1), mode: 0o444 }, content);
  for (const [path, source] of binaries) {
    const { size } = await stat(source);
    await pipeline(createReadStream(source), archive.entry({ name: path.slice(1), mode: 0o555, size }));
  }
  archive.finalize();
}
