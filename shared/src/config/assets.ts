/** What a description of an asset must prove before the node acts on it. */
import { Type, type Static } from 'typebox';
import { section } from './section.ts';

export const AssetsSchema = Type.Object(
  {
    requireChain: Type.Boolean({
      default: false,
      description:
        'Whether an asset from the metadata store may be used only if its NFT says the same: its newest description on a chain of `chains`, sealed to this node or to nobody. Otherwise the word of the store is taken where the chain is not configured, where its endpoints do not look back far enough, or where the description is sealed to another node.',
    }),
    allowUnboundFiles: Type.Boolean({
      default: false,
      description:
        "Whether published assets may hold their files as a bare list (DDO 4.0.0), which names no token: whoever copies it into a description of his own decides who may use the files. The catalogue's own descriptions always may.",
    }),
    trustWithoutChecksums: Type.Boolean({
      default: false,
      description:
        'Whether an entry of `publisherTrustedAlgorithms` that lacks `filesChecksum` or `containerSectionChecksum` trusts whatever its algorithm is at the moment. Portals write such entries where they could not reach the files.',
    }),
  },
  section('What descriptions of assets must prove. Gateway and runner both read it.'),
);
export type AssetsConfig = Static<typeof AssetsSchema>;
