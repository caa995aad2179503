/** What `npm run catalogue` can do: each command reads its words and returns what to print, for a person and for a program. */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { getAddress } from 'ethers';
import type { Container, Ddo } from '@capstan/shared/contract/ddo';
import { parseDid, type Did } from '@capstan/shared/contract/ids';
import type { Catalogue } from './catalogue.ts';
import type { NewAsset } from './ddo.ts';
import { addedText, listText, shownText } from './texts.ts';
import { UsageError } from './usage.ts';

export interface Outcome {
  readonly text: string;
  readonly json: unknown;
}

export interface CommandContext {
  readonly catalogue: Catalogue;
  /** Where the paths that the person typed start. */
  readonly workingDir: string;
  /** An environment of this node, for examples. */
  readonly environment: string;
}

export type Command = (words: readonly string[], context: CommandContext) => Promise<Outcome>;

export const COMMANDS: Readonly<Record<string, Command>> = { add, list, show, remove };

async function add(words: readonly string[], { catalogue, workingDir, environment }: CommandContext): Promise<Outcome> {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      type: { type: 'string', default: 'dataset' },
      access: { type: 'boolean' },
      compute: { type: 'boolean' },
      'allow-raw': { type: 'boolean' },
      'allow-network': { type: 'boolean' },
      image: { type: 'string' },
      tag: { type: 'string' },
      checksum: { type: 'string' },
      entrypoint: { type: 'string' },
      nft: { type: 'string' },
      datatoken: { type: 'string' },
      lasts: { type: 'string' },
    },
  });
  const [first] = positionals;
  if (first === undefined) throw new UsageError('Which file? Name a local file or a URL, or several.');
  const { type } = values;
  if (type !== 'dataset' && type !== 'algorithm') {
    throw new UsageError(`--type is ${type}, but an asset is a dataset or an algorithm.`);
  }
  if (values.access && values.compute) throw new UsageError('Choose one of --access and --compute.');
  if (values['allow-network'] && (type !== 'dataset' || values.access)) {
    throw new UsageError('--allow-network is for datasets that are computed on.');
  }
  if (values['allow-raw'] && (type !== 'dataset' || values.access)) {
    throw new UsageError('--allow-raw is for datasets that are computed on.');
  }
  const isUrl = (word: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(word);
  if (values.name === undefined && isUrl(first)) {
    throw new UsageError('Give it a --name: consumers never see the URL, so its end is no name for it.');
  }
  const container = containerOf(values);
  if (type === 'algorithm' && container === undefined) {
    throw new UsageError("An algorithm needs --image and --entrypoint, such as --entrypoint 'node $ALGO'.");
  }
  if (type === 'dataset' && container !== undefined) {
    throw new UsageError('--image, --tag, --checksum and --entrypoint are for algorithms.');
  }
  const asset: NewAsset = {
    type,
    name: values.name ?? basename(first),
    access: values.access || (type === 'algorithm' && !values.compute) ? 'access' : 'compute',
    isRawAllowed: values['allow-raw'] === true,
    isNetworkAllowed: values['allow-network'] === true,
    ...(container === undefined ? {} : { container }),
    ...tokenOf(values),
  };
  const sources = positionals.map((word) => (isUrl(word) ? word : resolve(workingDir, word)));
  const ddo = await catalogue.add(asset, sources);
  const partners = (await catalogue.list()).filter((other) => other.metadata.type !== type);
  return {
    text: addedText({ ddo, dir: catalogue.dir, environment, partner: partners[0] }),
    json: { did: ddo.id, serviceId: ddo.services[0]?.id, type },
  };
}

async function list(words: readonly string[], { catalogue }: CommandContext): Promise<Outcome> {
  parseArgs({ args: [...words] });
  const ddos = await catalogue.list();
  return { text: listText(ddos, catalogue.dir), json: ddos.map(brief) };
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

const brief = (ddo: Ddo) => ({
  did: ddo.id,
  type: ddo.metadata.type,
  name: ddo.metadata.name ?? null,
  services: ddo.services.map(({ id, type }) => ({ id, type })),
});

function didIn(words: readonly string[]): Did {
  const { positionals } = parseArgs({ args: [...words], allowPositionals: true });
  const [word, ...more] = positionals;
  if (word === undefined || more.length > 0) throw new UsageError('Name one asset by its DID.');
  const did = parseDid(word.startsWith('did:') ? word : `did:op:${word}`);
  if (did === undefined) throw new UsageError(`${word} is no DID: did:op: and 64 hexadecimal characters.`);
  return did;
}

const unknownAsset = (did: Did) => new UsageError(`The catalogue has no asset ${did}; "list" shows what it has.`);

interface TokenWords {
  readonly nft?: string | undefined;
  readonly datatoken?: string | undefined;
  readonly lasts?: string | undefined;
}

function tokenOf({ nft, datatoken, lasts }: TokenWords): Pick<NewAsset, 'token' | 'timeoutS'> {
  if ((nft === undefined) !== (datatoken === undefined)) {
    throw new UsageError('--nft and --datatoken go together: an order is of a datatoken that belongs to the NFT.');
  }
  if (lasts !== undefined && !/^[0-9]{1,10}$/.test(lasts)) {
    throw new UsageError('--lasts is how many seconds an order lasts, 0 for ever.');
  }
  return {
    ...(nft === undefined || datatoken === undefined
      ? {}
      : { token: { nftAddress: addressIn('--nft', nft), datatokenAddress: addressIn('--datatoken', datatoken) } }),
    ...(lasts === undefined ? {} : { timeoutS: Number(lasts) }),
  };
}

/** With its checksum: the DID follows from how the address is written. */
function addressIn(option: string, word: string): string {
  try {
    return getAddress(word);
  } catch {
    throw new UsageError(`${option} ${word} is no address: 0x and 40 hexadecimal characters.`);
  }
}

type Given = { readonly [Key in keyof Container]?: string | undefined };

function containerOf({ image, tag, checksum, entrypoint }: Given): Container | undefined {
  if ([image, tag, checksum, entrypoint].every((value) => value === undefined)) return undefined;
  if (image === undefined || entrypoint === undefined) {
    throw new UsageError('A container needs --image and --entrypoint.');
  }
  if (checksum !== undefined && !/^sha256:[0-9a-f]{64}$/.test(checksum)) {
    throw new UsageError("--checksum is the image's digest: sha256: and 64 lower-case hexadecimal characters.");
  }
  return {
    image,
    entrypoint,
    ...(tag === undefined ? {} : { tag }),
    ...(checksum === undefined ? {} : { checksum }),
  };
}
