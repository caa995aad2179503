/** How each kind of file is opened: a kind that is not here doesn't compile. */
import type { ChainConfig } from '@capstan/shared/config/chains';
import type { Config } from '@capstan/shared/config/schema';
import { hasCode } from '@capstan/shared/contract/errors';
import { createApart } from './apart.ts';
import { openCatalogueFile } from './catalogue-file.ts';
import type { Content } from './content.ts';
import type { Download } from './download.ts';
import { arweaveRequest, ipfsRequest } from './kinds/gateways.ts';
import { graphqlRequest } from './kinds/graphql.ts';
import type { SignRequest } from './kinds/provider.ts';
import { callContract } from './kinds/smartcontract.ts';
import { urlRequest } from './kinds/url.ts';
import type { FileOf, SourceFile, SourceKind, UserData } from './source.ts';

/** Of half a gigabyte each. */
const THREADS = 2;

type Opener<Kind extends SourceKind> = (
  file: FileOf<Kind>,
  userdata: UserData,
  signal: AbortSignal,
  /** The byte to begin with, where its kind can: what comes says where it begins. */
  from?: number,
) => Promise<Content>;
export type Openers = { readonly [Kind in SourceKind]: Opener<Kind> };

/** Opens a result of a job of this node. */
export type OpenResult = (file: FileOf<'result'>, signal: AbortSignal) => Promise<Content>;

interface OpenersOptions {
  readonly settings: Pick<Config['runner']['fetch'], 'ipfsGateway' | 'arweaveGateway'>;
  readonly chains: readonly ChainConfig[];
  readonly catalogueDir: string;
  readonly openResult: OpenResult;
  readonly signRequest: SignRequest;
  /** Downloads that only reach public addresses, except for a server that the operator has named. */
  readonly downloadFrom: (operatorsOwn?: string) => Download;
}

export function createOpeners(options: OpenersOptions): Openers {
  const { settings, chains, catalogueDir, openResult, signRequest, downloadFrom } = options;
  const { ipfsGateway, arweaveGateway } = settings;
  const apart = createApart(THREADS);
  const guarded = downloadFrom();
  const fromIpfs = downloadFrom(ipfsGateway);
  const fromArweave = downloadFrom(arweaveGateway);
  return {
    url: async (file, userdata, signal, from) => guarded(urlRequest(file, userdata), signal, from),
    ipfs: async (file, userdata, signal, from) => fromIpfs(ipfsRequest(file, userdata, ipfsGateway), signal, from),
    arweave: async (file, userdata, signal, from) =>
      fromArweave(arweaveRequest(file, userdata, arweaveGateway), signal, from),
    graphql: async (file, userdata, signal) => guarded(graphqlRequest(file, userdata), signal),
    smartcontract: (file, userdata, signal) => callContract(file, userdata, { chains, downloadFrom, apart }, signal),
    catalogue: (file, _userdata, _signal, from) => openCatalogueFile(catalogueDir, file.path, from),
    result: (file, _userdata, signal) => openResult(file, signal),
    async provider(file, userdata, signal) {
      const signed = () => signRequest(file, userdata);
      try {
        return await guarded(signed, signal);
      } catch (error) {
        if (!hasCode(error, 'FETCH_ABSENT', 'FETCH_FAILED')) throw error;
        // A nonce that arrives after a later one is refused, and requests overtake one another: once more, with a new one.
        return guarded(signed, signal);
      }
    },
  };
}

interface Opening {
  readonly userdata: UserData;
  readonly signal: AbortSignal;
  readonly from?: number;
}

/** The file's own kind decides. */
export function openWith<Kind extends SourceKind>(
  openers: Openers,
  kind: Kind,
  file: FileOf<Kind>,
  { userdata, signal, from }: Opening,
): Promise<Content> {
  return openers[kind](file, userdata, signal, from ?? 0);
}

export const openFile = (openers: Openers, file: SourceFile, how: Opening): Promise<Content> =>
  openWith(openers, file.type, file, how);
