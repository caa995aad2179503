/** What `npm run catalogue` can do: each command reads its words and returns what to print, for a person and for a program. */
import { basename, resolve } from 'node:path';
import { plainContainer, type Ddo } from '@capstan/shared/contract/ddo';
import { parseDid, type Did } from '@capstan/shared/contract/ids';
import { assetWords, checksumsOf, containerOf, credentialsOf, tokenOf, type AssetValues } from './asset-words.ts';
import type { Catalogue, Source } from './catalogue.ts';
import { changed } from './change.ts';
import type { NewAsset } from './ddo.ts';
import { addedText, listText, shownText, updatedText } from './texts.ts';
import { trustOf } from './trust.ts';
import { UsageError } from './usage.ts';
import { wordsOf } from './words-of.ts';

export interface Outcome {
  readonly text: string;
  readonly json: unknown;
}

export interface CommandContext {
  readonly catalogue: Catalogue;
  /** Where the paths that the person typed start. */
  readonly workingDir: string;
  /** An environment of this node, for examples. */
  readonly environment: () => Promise<string>;
  /** Asks the person; false where there is nobody to ask. */
  readonly confirm: (question: string) => Promise<boolean>;
}

export type Command = (words: readonly string[], context: CommandContext) => Promise<Outcome>;

export const COMMANDS: Readonly<Record<string, Command>> = { add, update, list, show, remove };

async function add(words: readonly string[], context: CommandContext): Promise<Outcome> {
  const { catalogue, environment } = context;
  const { values, positionals } = assetWords(words);
  const [first] = positionals;
  if (first === undefined) throw new UsageError('Which file? Name a local file or a URL, or several.');
  const { type = 'dataset' } = values;
  if (type !== 'dataset' && type !== 'algorithm') {
    throw new UsageError(`--type is ${type}, but an asset is a dataset or an algorithm.`);
  }
  requireSense(values, { type, isAccess: values.access === true || (type === 'algorithm' && !values.compute) });
  if (values.name === undefined && isUrl(first)) {
    throw new UsageError('Give it a --name: consumers never see the URL, so its end is no name for it.');
  }
  const container = containerOf(values);
  if (type === 'algorithm' && container === undefined) {
    throw new UsageError("An algorithm needs --image and --entrypoint, such as --entrypoint 'node $ALGO'.");
  }
  const credentials = credentialsOf(values);
  const asset: NewAsset = {
    type,
    name: values.name ?? basename(first),
    description: values.description,
    access: values.access || (type === 'algorithm' && !values.compute) ? 'access' : 'compute',
    isRawAllowed: values['allow-raw'] === true,
    isNetworkAllowed: values['allow-network'] === true,
    trust: await trustOf(values, catalogue),
    ...(credentials === undefined ? {} : { credentials }),
    ...(container === undefined ? {} : { container }),
    ...tokenOf(values),
  };
  const sources = sourcesOf(positionals, values, context);
  if (values.again !== true) await requireNew(sources, type, context);
  const ddo = await catalogue.add(asset, sources);
  const partners = (await catalogue.list()).ddos.filter((other) => other.metadata.type !== type);
  return {
    text: addedText({ ddo, dir: catalogue.dir, environment: await environment(), partner: partners[0] }),
    json: { did: ddo.id, serviceId: ddo.services[0]?.id, type },
  };
}

async function update(words: readonly string[], context: CommandContext): Promise<Outcome> {
  const { catalogue } = context;
  const { values, positionals } = assetWords(words);
  const [word, ...names] = positionals;
  const did = didOf(word);
  const ddo = await catalogue.find(did);
  if (ddo === undefined) throw unknownAsset(did);
  for (const fixed of ['type', 'access', 'compute', 'nft', 'datatoken'] as const) {
    if (values[fixed] === undefined) continue;
    throw new UsageError(`--${fixed} is what an asset is: remove it and add it anew. Its DID will be another one.`);
  }
  if (Object.keys(values).length === 0 && names.length === 0) throw new UsageError('What shall be another?');
  const { type } = ddo.metadata;
  requireSense(values, { type, isAccess: ddo.services.every((service) => service.type === 'access') });
  const next = changed(ddo, {
    name: values.name,
    description: values.description,
    isRawAllowed: values['allow-raw'],
    isNetworkAllowed: values['allow-network'],
    trust: await trustOf(values, catalogue),
    credentials: credentialsOf(values),
    container: containerOf(values, plainContainer(ddo.metadata.algorithm?.container)),
    timeoutS: tokenOf({ lasts: values.lasts }).timeoutS,
  });
  if (names.length === 0 && values.sha256 !== undefined) throw new UsageError('--sha256 is of files: name them.');
  const sources = names.length === 0 ? undefined : sourcesOf(names, values, context);
  const written = await catalogue.update(next, sources);
  return {
    text: updatedText(written, catalogue.files(written)),
    json: { did: written.id, serviceId: written.services[0]?.id, type },
  };
}

async function list(words: readonly string[], { catalogue }: CommandContext): Promise<Outcome> {
  wordsOf({ args: [...words] });
  const listing = await catalogue.list();
  return { text: listText(listing, catalogue.dir), json: listing.ddos.map(brief) };
}

async function show(words: readonly string[], { catalogue }: CommandContext): Promise<Outcome> {
  const did = didIn(words);
  const ddo = await catalogue.find(did);
  if (ddo === undefined) throw unknownAsset(did);
  const files = catalogue.files(ddo);
  return { text: shownText(ddo, files), json: { ...ddo, unsealedFiles: files } };
}

async function remove(words: readonly string[], { catalogue }: CommandContext): Promise<Outcome> {
  const did = didIn(words);
  if (!(await catalogue.remove(did))) throw unknownAsset(did);
  return { text: `Removed ${did} and the files that were copied for it.`, json: { did } };
}

interface Kind {
  readonly type: 'dataset' | 'algorithm';
  /** Whether it is offered for downloads alone. */
  readonly isAccess: boolean;
}

/** Throws UsageError for words that mean nothing for this kind of asset. */
function requireSense(values: AssetValues, { type, isAccess }: Kind): void {
  if (values.access && values.compute) throw new UsageError('Choose one of --access and --compute.');
  const ofComputing = ['allow-raw', 'allow-network', 'trust', 'trust-publisher', 'trust-nobody'] as const;
  const senseless = ofComputing.find((name) => values[name] !== undefined);
  if (senseless !== undefined && (type !== 'dataset' || isAccess)) {
    throw new UsageError(`--${senseless} is for datasets that are computed on.`);
  }
  const ofContainer = ['image', 'tag', 'checksum', 'entrypoint'] as const;
  if (type === 'dataset' && ofContainer.some((name) => values[name] !== undefined)) {
    throw new UsageError('--image, --tag, --checksum and --entrypoint are for algorithms.');
  }
}

const isUrl = (word: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(word);

function sourcesOf(
  names: readonly string[],
  values: AssetValues,
  { workingDir }: CommandContext,
): readonly Exclude<Source, string>[] {
  const sums = checksumsOf(values, names.length);
  return names.map((word, index) => ({
    from: isUrl(word) ? word : resolve(workingDir, word),
    sha256: sums[index],
  }));
}

/** Throws UsageError for what is offered already, unless the person wants it twice. */
async function requireNew(
  sources: readonly Exclude<Source, string>[],
  type: Kind['type'],
  { catalogue, confirm }: CommandContext,
): Promise<void> {
  for (const source of sources) {
    const [twin] = await catalogue.sameAs(source, type);
    if (twin === undefined) continue;
    const problem = `${JSON.stringify(twin.metadata.name ?? '')} (${twin.id}) offers ${source.from} already.`;
    if (await confirm(`${problem} Add it once more?`)) return;
    throw new UsageError(`${problem} Change it with "update ${twin.id}", or say --again to add it once more.`);
  }
}

const brief = (ddo: Ddo) => ({
  did: ddo.id,
  type: ddo.metadata.type,
  name: ddo.metadata.name ?? null,
  services: ddo.services.map(({ id, type }) => ({ id, type })),
});

function didIn(words: readonly string[]): Did {
  const { positionals } = wordsOf({ args: [...words], allowPositionals: true });
  const [word, ...more] = positionals;
  if (more.length > 0) throw new UsageError('Name one asset by its DID.');
  return didOf(word);
}

function didOf(word: string | undefined): Did {
  if (word === undefined) throw new UsageError('Name one asset by its DID.');
  const did = parseDid(word.startsWith('did:') ? word : `did:op:${word}`);
  if (did === undefined) throw new UsageError(`${word} is no DID: did:op: and 64 hexadecimal characters.`);
  return did;
}

const unknownAsset = (did: Did) => new UsageError(`The catalogue has no asset ${did}; "list" shows what it has.`);
