/** What `add` and `update` take, from words to what they mean. */
import type { Container } from '@capstan/shared/contract/ddo';
import { counted } from '@capstan/shared/contract/counted';
import { addressIn } from './addresses.ts';
import { UsageError } from './usage.ts';
import { wordsOf } from './words-of.ts';

const OPTIONS = {
  name: { type: 'string' },
  description: { type: 'string' },
  type: { type: 'string' },
  access: { type: 'boolean' },
  compute: { type: 'boolean' },
  'allow-raw': { type: 'boolean' },
  'allow-network': { type: 'boolean' },
  trust: { type: 'string', multiple: true },
  'trust-publisher': { type: 'string', multiple: true },
  'trust-nobody': { type: 'boolean' },
  allow: { type: 'string', multiple: true },
  deny: { type: 'string', multiple: true },
  image: { type: 'string' },
  tag: { type: 'string' },
  checksum: { type: 'string' },
  entrypoint: { type: 'string' },
  nft: { type: 'string' },
  datatoken: { type: 'string' },
  lasts: { type: 'string' },
  sha256: { type: 'string', multiple: true },
  again: { type: 'boolean' },
} as const;

export type AssetValues = ReturnType<typeof assetWords>['values'];

/** Throws UsageError for an option that there is not. */
export function assetWords(words: readonly string[]) {
  return wordsOf({ args: [...words], allowPositionals: true, allowNegative: true, options: OPTIONS });
}

interface TokenWords {
  readonly nft?: string | undefined;
  readonly datatoken?: string | undefined;
  readonly lasts?: string | undefined;
}

/** The tokens that stand for it on a chain, and how long an order of them lasts. */
export function tokenOf({ nft, datatoken, lasts }: TokenWords) {
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

type ContainerWords = { readonly [Key in keyof Container]?: string | undefined };

/** What the words say of a container, over what was said before; undefined where nothing is said. */
export function containerOf(words: ContainerWords, before: Partial<Container> = {}): Container | undefined {
  const { image = before.image, tag, checksum, entrypoint = before.entrypoint } = words;
  if ([words.image, tag, checksum, words.entrypoint].every((value) => value === undefined)) return undefined;
  if (image === undefined || entrypoint === undefined) {
    throw new UsageError('A container needs --image and --entrypoint.');
  }
  if (checksum !== undefined && !/^sha256:[0-9a-f]{64}$/.test(checksum)) {
    throw new UsageError("--checksum is the image's digest: sha256: and 64 lower-case hexadecimal characters.");
  }
  // Another image has neither the tag nor the digest of the one before.
  const kept = words.image === undefined || words.image === before.image ? before : {};
  const merged = { tag: tag ?? kept.tag, checksum: checksum ?? kept.checksum };
  return {
    image,
    entrypoint,
    ...(merged.tag === undefined ? {} : { tag: merged.tag }),
    ...(merged.checksum === undefined ? {} : { checksum: merged.checksum }),
  };
}

/** Who may use it, and who may not. */
export function credentialsOf({ allow, deny }: Pick<AssetValues, 'allow' | 'deny'>) {
  const list = (option: string, words: readonly string[] | undefined) =>
    words === undefined ? [] : [{ type: 'address', values: words.map((word) => addressIn(option, word)) }];
  if (allow === undefined && deny === undefined) return undefined;
  return { allow: list('--allow', allow), deny: list('--deny', deny) };
}

/** The checksums that the files shall have, one a file. */
export function checksumsOf({ sha256 = [] }: Pick<AssetValues, 'sha256'>, files: number): readonly string[] {
  if (sha256.length > 0 && sha256.length !== files) {
    throw new UsageError(
      `There ${files === 1 ? 'is' : 'are'} ${counted(files, 'file')} and ${sha256.length} of --sha256: give one for each file, in their order.`,
    );
  }
  const wrong = sha256.find((hex) => !/^[0-9a-fA-F]{64}$/.test(hex));
  if (wrong !== undefined) throw new UsageError(`--sha256 ${wrong} is none: 64 hexadecimal characters.`);
  return sha256.map((hex) => hex.toLowerCase());
}
