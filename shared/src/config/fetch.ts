/** Settings of how a runner gets files of assets. */
import { Type } from 'typebox';
import { LARGEST_GB, LONGEST_TIMER_S, section } from './section.ts';

export const FetchSchema = Type.Object(
  {
    allowPrivate: Type.Array(Type.String(), {
      default: [],
      description:
        'Address ranges (CIDR) of private data sources that assets may be fetched from, e.g. `10.1.0.0/16`. Everything that is not a public address, or belongs to this machine, is refused otherwise, so that no asset can reach into your network.',
    }),
    maxFileGB: Type.Number({
      exclusiveMinimum: 0,
      maximum: LARGEST_GB,
      default: 100,
      description: 'Largest single file, in GB.',
    }),
    maxJobGB: Type.Number({
      exclusiveMinimum: 0,
      maximum: LARGEST_GB,
      default: 200,
      description:
        "All files of one job together, in GB. They lie on the engine's disk until the job is over, and don't count against the disk of its environment, which is for what the algorithm writes.",
    }),
    keepFreeGB: Type.Number({
      minimum: 0,
      maximum: LARGEST_GB,
      default: 1,
      description:
        "What a file whose size nobody tells must leave free on the node's own disk, in GB: it lies there until its size is known. Others go straight into the job's volume.",
    }),
    idleTimeoutS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 60,
      description: "Longest silence of an asset's server, in seconds.",
    }),
    minBytesPerSecond: Type.Number({
      minimum: 0,
      maximum: 1_000_000_000,
      default: 1_000,
      description:
        "What an asset's server must give on average, in bytes a second; 0 takes whatever comes. Only the time that is spent waiting for it counts. A server that gives a byte now and then would keep a job's place for hours.",
    }),
    minRateGraceS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 60,
      description:
        "How far an asset's server may fall behind `minBytesPerSecond`, in seconds of waiting; what it has given before makes up for ten times as much at most.",
    }),
    totalTimeoutS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 21_600,
      description: 'Longest download of one file, in seconds.',
    }),
    ipfsGateway: Type.Optional(
      Type.String({
        pattern: '^https?://[^/?#]+(/[^?#]*)?$',
        description:
          'IPFS gateway for files that assets name by their hash: `<gateway>/ipfs/<hash>`. Your own may have a private address. Without one, such files can not be had.',
      }),
    ),
    arweaveGateway: Type.Optional(
      Type.String({
        pattern: '^https?://[^/?#]+(/[^?#]*)?$',
        description:
          'Arweave gateway for files that assets name by their transaction: `<gateway>/<transactionId>`, e.g. `https://arweave.net`. Without one, such files can not be had.',
      }),
    ),
  },
  section('How files of assets are downloaded.'),
);
