/** How each kind of file is opened: a kind that is not here doesn't compile. */
import type { ChainConfig } from '@capstan/shared/config/chains';
import type { Config } from '@capstan/shared/config/schema';
import { hasCode } from '@capstan/shared/errors';
import { openCatalogueFile } from './catalogue-file.ts';
import type { Content } from './content.ts';
import type { Download } from './download.ts';
import { arweaveRequest, ipfsRequest } from './kinds/gateways.ts';
import { graphqlRequest } from './kinds/graphql.ts';
import type { SignRequest } from './kinds/provider.ts';
import { callContract } from './kinds/smartcontract.ts';
import { urlRequest } from './kinds/url.ts';
import type { FileOf, SourceFile, SourceKind, UserData } from './source.ts';

type Opener<Kind extends SourceKind> = (
  file: FileOf<Kind>,
  userdata: UserData,
  signal: AbortSignal,
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
  const guarded = downloadFrom();
  const fromIpfs = downloadFrom(ipfsGateway);
  const fromArweave = downloadFrom(arweaveGateway);
  return {
    url: async (file, userdata, signal) => guarded(urlRequest(file, userdata), signal),
    ipfs: async (file, userdata, signal) => fromIpfs(ipfsRequest(file, userdata, ipfsGateway), signal),
    arweave: async (file, userdata, signal) => fromArweave(arweaveRequest(file, userdata, arweaveGateway), signal),
    graphql: async (file, userdata, signal) => guarded(graphqlRequest(file, userdata), signal),
    smartcontract: (file, userdata, signal) => callContract(file, userdata, { chains, downloadFrom }, signal),
    catalogue: (file) => openCatalogueFile(catalogueDir, file.path),
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

/** The file's own kind decides. */
export function openWith<Kind extends SourceKind>(
  openers: Openers,
  kind: Kind,
  file: FileOf<Kind>,
  { userdata, signal }: { readonly userdata: UserData; readonly signal: AbortSignal },
): Promise<Content> {
  return openers[kind](file, userdata, signal);
}

export const openFile = (
  openers: Openers,
  file: SourceFile,
  how: { readonly userdata: UserData; readonly signal: AbortSignal },
): Promise<Content> => openWith(openers, file.type, file, how);
