/** Settings of where results are kept. Gateway and runner must agree on them. */
import { Type, type Static } from 'typebox';
import { section } from './section.ts';

const HTTP_URL = '^https?://[^/?#@]+(/[^?#]*)?$';

const S3Schema = Type.Object(
  {
    endpoint: Type.Optional(
      Type.String({
        pattern: HTTP_URL,
        description: 'Where the store answers, e.g. `https://s3.eu-central-1.amazonaws.com` or your own.',
      }),
    ),
    region: Type.String({ default: 'us-east-1', description: 'Region that requests are signed for.' }),
    bucket: Type.Optional(
      Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$', description: 'Bucket, which must exist.' }),
    ),
    prefix: Type.String({
      pattern: '^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$',
      default: 'capstan',
      description: 'What the names of all objects begin with. A bucket may serve several nodes with a prefix each.',
    }),
    accessKeyId: Type.Optional(
      Type.String({ minLength: 1, description: 'Id of the key that requests are signed with.' }),
    ),
    secretAccessKey: Type.Optional(
      Type.String({ minLength: 1, description: 'That key. Better given as an environment variable than in a file.' }),
    ),
  },
  section('An S3-compatible store, addressed as `<endpoint>/<bucket>/<prefix>/…`. For `results.kind: s3`.'),
);

const IpfsSchema = Type.Object(
  {
    apiUrl: Type.Optional(
      Type.String({
        pattern: HTTP_URL,
        description: "RPC API of your IPFS node (Kubo), e.g. `http://127.0.0.1:5001`. Never anybody else's.",
      }),
    ),
    authorization: Type.Optional(
      Type.String({ minLength: 1, description: 'Value of the `Authorization` header, if the API asks for one.' }),
    ),
    folder: Type.String({
      pattern: '^(/[A-Za-z0-9._-]+)+$',
      default: '/capstan',
      description:
        "Folder in the node's own file system (MFS) that holds the results. What lies there is never collected.",
    }),
  },
  section('An IPFS node. Whoever learns the CID of a result can read it there. For `results.kind: ipfs`.'),
);

export const ResultsSchema = Type.Object(
  {
    kind: Type.Union([Type.Literal('folder'), Type.Literal('s3'), Type.Literal('ipfs')], {
      default: 'folder',
      description:
        '`folder`: in `<dataDir>/results`. `s3`, `ipfs`: there; manifests and what is for the operator alone stay in the folder as well.',
    }),
    asAssets: Type.Boolean({
      default: false,
      description:
        "Whether the outputs of a job that completed become a dataset in the node's catalogue, for its owner alone (`resultsDid`), until they expire.",
    }),
    uploadRetries: Type.Integer({
      minimum: 0,
      maximum: 1_000,
      default: 15,
      description:
        'How often an upload that failed is tried again, at growing intervals of a minute at most. The job waits, its outputs stay in the engine; then it ends with 62.',
    }),
    s3: S3Schema,
    ipfs: IpfsSchema,
  },
  section('Where results are kept. The same for gateway and runner.'),
);
export type ResultsConfig = Static<typeof ResultsSchema>;

/** Settings that the chosen place needs and that have no default. */
export function missingSettings({ kind, s3, ipfs }: ResultsConfig): readonly string[] {
  const needed: Readonly<Record<ResultsConfig['kind'], Readonly<Record<string, string | undefined>>>> = {
    folder: {},
    s3: {
      's3.endpoint': s3.endpoint,
      's3.bucket': s3.bucket,
      's3.accessKeyId': s3.accessKeyId,
      's3.secretAccessKey': s3.secretAccessKey,
    },
    ipfs: { 'ipfs.apiUrl': ipfs.apiUrl },
  };
  const missing = Object.entries(needed[kind]).filter(([, value]) => value === undefined);
  return missing.map(([name]) => `results.${name}: needed where results.kind is ${kind}`);
}
