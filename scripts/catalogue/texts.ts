/** What the catalogue command prints, PURE. */
import { plainContainer, type AssetFile, type Ddo } from '@capstan/shared/contract/ddo';
import type { Listing } from './catalogue.ts';

const FREE_ORDER = `0x${'0'.repeat(64)}`;

interface Added {
  readonly ddo: Ddo;
  readonly dir: string;
  readonly environment: string;
  /** An asset of the other type, to make the example whole. */
  readonly partner: Ddo | undefined;
}

export function addedText({ ddo, dir, environment, partner }: Added): string {
  const { type, name } = ddo.metadata;
  return [
    `Added the ${type} ${JSON.stringify(name)} to ${dir}`,
    ...facts(ddo),
    '',
    'To use it, send this to POST /api/services/compute, with consumerAddress, nonce and signature:',
    JSON.stringify(example({ ddo, environment, partner }), undefined, 2),
  ].join('\n');
}

export function updatedText(ddo: Ddo, files: readonly AssetFile[]): string {
  return `Changed. Orders from now on go by this:\n\n${shownText(ddo, files)}`;
}

export function listText({ ddos, unreadable }: Listing, dir: string): string {
  const broken = unreadable.map(({ name, problem }) => `! ${name} is no description: ${problem}`);
  if (ddos.length === 0 && broken.length === 0) {
    return `Nothing in ${dir} yet. "npm run catalogue -- add FILE" adds something.`;
  }
  const listed = ddos.flatMap((ddo) => [`${ddo.metadata.type}  ${ddo.metadata.name ?? ''}`, ...facts(ddo)]);
  return [...listed, ...broken].join('\n');
}

export function shownText(ddo: Ddo, files: readonly AssetFile[]): string {
  const where = files.map(placeOf);
  return [
    `${ddo.metadata.type}  ${ddo.metadata.name ?? ''}`,
    ...facts(ddo),
    ...where.map((text, index) => fact(`file ${index}`, text)),
  ].join('\n');
}

function placeOf(file: AssetFile): string {
  switch (file.type) {
    case 'url':
      return file.url;
    case 'graphql':
      return `a query to ${file.url}`;
    case 'ipfs':
      return `${file.hash} in IPFS`;
    case 'arweave':
      return `${file.transactionId} in Arweave`;
    case 'smartcontract':
      return `${file.abi.name} of the contract ${file.address} on chain ${file.chainId}`;
    case 'catalogue':
      return `files/${file.path} in the catalogue`;
    case 'result':
      return `result ${file.index} of job ${file.jobId}, run ${file.run}`;
  }
}

function facts(ddo: Ddo): readonly string[] {
  const container = plainContainer(ddo.metadata.algorithm?.container);
  return [
    fact('DID', ddo.id),
    ...ddo.services.map(({ id, type, compute }) =>
      fact('service', `${id} (${type}${compute?.allowRawAlgorithm ? ', own code allowed' : ''})`),
    ),
    ...(container.image !== undefined
      ? [fact('runs in', `${container.image}:${container.tag ?? 'latest'}  ${container.entrypoint ?? ''}`)]
      : []),
    ...(container.checksum === undefined ? [] : [fact('digest', container.checksum)]),
    ...ddo.services.flatMap(({ compute }) => (compute === undefined ? [] : trusted(compute))),
    ...(['allow', 'deny'] as const).flatMap((list) =>
      (ddo.credentials?.[list] ?? []).flatMap(({ values }) =>
        values === null || values === undefined || values.length === 0 ? [] : [fact(list, values.join(', '))],
      ),
    ),
  ];
}

function trusted(compute: NonNullable<Ddo['services'][number]['compute']>): readonly string[] {
  const { publisherTrustedAlgorithms: algorithms, publisherTrustedAlgorithmPublishers: publishers } = compute;
  if (!algorithms && !publishers) return [];
  const who = [...(algorithms ?? []).map(({ did }) => did), ...(publishers ?? [])];
  return [fact('trusts', who.length === 0 ? 'no published algorithm' : who.join(', '))];
}

const fact = (label: string, text: string) => `  ${label.padEnd(9)}${text}`;

function example({ ddo, environment, partner }: Omit<Added, 'dir'>): unknown {
  const [dataset, algorithm] = ddo.metadata.type === 'dataset' ? [ddo, partner] : [partner, ddo];
  return {
    environment,
    dataset: dataset === undefined ? reference('<DID of a dataset>', '<its service>') : referenceTo(dataset),
    algorithm: algorithm === undefined ? rawExample(dataset) : referenceTo(algorithm),
  };
}

const referenceTo = (ddo: Ddo) => reference(ddo.id, ddo.services[0]?.id ?? '');
const reference = (documentId: string, serviceId: string) => ({ documentId, serviceId, transferTxId: FREE_ORDER });

function rawExample(dataset: Ddo | undefined): unknown {
  if (dataset?.services[0]?.compute?.allowRawAlgorithm !== true) {
    return reference('<DID of an algorithm>', '<its service>');
  }
  const rawcode = "console.log(require('fs').readdirSync('/data/inputs/' + JSON.parse(process.env.DIDS)[0]))";
  return { meta: { rawcode, container: { image: 'node', tag: '24', entrypoint: 'node $ALGO' } } };
}
