/**
 * Descriptions as they go about, PURE: of all versions 4.x, by all indexers and portals. What the node needs is brought into one form; what
 * it does not need may be anything. Where something that counts is wrong, the field is named, and nothing is loosened by leaving it out.
 */
import { DdoSchema, MOST_SERVICES, ServiceSchema, type Ddo, type Service } from '../contract/ddo.ts';
import { readJson } from '../runtime/json.ts';
import { compile, type Checked } from '../schema/validate.ts';

type Fields = Readonly<Record<string, unknown>>;

const validateDdo = compile(DdoSchema);
const validateService = compile(ServiceSchema);

/** Of services that are not asked for, whatever is wrong with them is their own affair: they keep their place, for orders count them. */
export function readDdo(value: unknown): Checked<Ddo> {
  return validateDdo(isFields(value) ? descriptionOf(value) : value);
}

function descriptionOf(value: Fields): Fields {
  const { services, version, indexedMetadata } = value;
  return changed(value, {
    chainId: numberOf(value['chainId']),
    version: typeof version === 'string' ? version : '',
    metadata: metadataOf(value['metadata']),
    // One that is too long is refused as a whole, before anything is looked into.
    services: Array.isArray(services) && services.length <= MOST_SERVICES ? services.map(serviceOf) : (services ?? []),
    credentials: credentialsOf(value['credentials']),
    nft: nftOf(value['nft']),
    indexedMetadata: isFields(indexedMetadata)
      ? changed(indexedMetadata, { nft: nftOf(indexedMetadata['nft']) })
      : emptyAsAbsent(indexedMetadata),
  });
}

function metadataOf(value: unknown): unknown {
  if (!isFields(value)) return value;
  const { name, algorithm } = value;
  return changed(value, {
    name: typeof name === 'string' ? name : undefined,
    // Portals leave the empty form of one in the description of a dataset.
    algorithm: value['type'] === 'dataset' ? undefined : algorithmOf(algorithm),
  });
}

function algorithmOf(value: unknown): unknown {
  if (!isFields(value)) return emptyAsAbsent(value);
  const { container } = value;
  return changed(value, { container: isFields(container) ? containerOf(container) : emptyAsAbsent(container) });
}

function containerOf(value: Fields): Fields {
  const { image, tag, checksum, entrypoint } = value;
  return changed(value, {
    image: emptyAsAbsent(image),
    tag: emptyAsAbsent(tag),
    checksum: emptyAsAbsent(checksum),
    entrypoint: emptyAsAbsent(entrypoint),
  });
}

function serviceOf(given: unknown, index: number): Service {
  const value = isFields(given) ? given : {};
  const checked = validateService(tidied(value));
  if (checked.ok) return checked.value;
  const problems = Object.values(checked.errors)
    .flat()
    .map((text) => text.replace(/^The /, `The services[${index}].`));
  const { id, type } = value;
  return {
    id: idOf(id) ?? `unreadable-${index}`,
    type: typeof type === 'string' && type !== '' ? type.slice(0, 256) : 'unreadable',
    files: '0x00',
    datatokenAddress: '',
    problems,
  };
}

function tidied(value: Fields): Fields {
  const { type, compute, serviceEndpoint, files, datatokenAddress } = value;
  return changed(value, {
    files,
    datatokenAddress,
    id: idOf(value['id']),
    timeout: numberOf(value['timeout']),
    serviceEndpoint: emptyAsAbsent(serviceEndpoint),
    credentials: credentialsOf(value['credentials']),
    compute: type === 'compute' ? computeOf(compute) : undefined,
    problems: undefined,
  });
}

function computeOf(value: unknown): unknown {
  if (!isFields(value)) return emptyAsAbsent(value);
  const { publisherTrustedAlgorithms: algorithms, publisherTrustedAlgorithmPublishers: publishers } = value;
  const read = changed(value, {
    allowRawAlgorithm: value['allowRawAlgorithm'],
    allowNetworkAccess: value['allowNetworkAccess'],
    publisherTrustedAlgorithms: Array.isArray(algorithms) ? algorithms.map(trustedOf) : algorithms,
    publisherTrustedAlgorithmPublishers: publishers,
  });
  // To portals it says something else than a list that is not there: all of them.
  return {
    ...read,
    ...(algorithms === null ? { publisherTrustedAlgorithms: null } : {}),
    ...(publishers === null ? { publisherTrustedAlgorithmPublishers: null } : {}),
  };
}

/** Some lists hold the DIDs alone, or `*`. */
function trustedOf(entry: unknown): unknown {
  if (typeof entry === 'string') return { did: entry };
  if (!isFields(entry)) return entry;
  const { filesChecksum, containerSectionChecksum } = entry;
  return changed(entry, { filesChecksum, containerSectionChecksum });
}

/** Also as JSON text, and as the empty list that some portals write for none. */
function credentialsOf(given: unknown): unknown {
  const value = typeof given === 'string' && given !== '' ? parsed(given) : given;
  return isFields(value) ? changed(value, { allow: value['allow'], deny: value['deny'] }) : emptyAsAbsent(value);
}

function nftOf(value: unknown): unknown {
  if (!isFields(value)) return emptyAsAbsent(value);
  return changed(value, { owner: value['owner'], state: numberOf(value['state']) });
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same with these fields, and without those that are undefined or null now. Whatever else it holds is not looked at. */
function changed(value: Fields, changes: Fields): Fields {
  const copy: Record<string, unknown> = { ...value };
  for (const [name, change] of Object.entries(changes)) {
    if (change === undefined || change === null) delete copy[name];
    else copy[name] = change;
  }
  return copy;
}

/** What says nothing in any of the ways in which clients say it; anything else stays, for the schema to judge. */
function emptyAsAbsent(value: unknown): unknown {
  return value === '' || (Array.isArray(value) && value.length === 0) ? undefined : (value ?? undefined);
}

function numberOf(value: unknown): unknown {
  return typeof value === 'string' && /^[0-9]{1,15}$/.test(value) ? Number(value) : (value ?? undefined);
}

function idOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value.length <= 256 ? value : undefined;
}

function parsed(text: string): unknown {
  const read = readJson(text);
  return read.kind === 'value' ? read.value : text;
}
