/** Settings of how much may wait on the node, and be kept there. */
import { Type } from 'typebox';
import { LARGEST_GB, section } from './section.ts';

export const QuotasSchema = Type.Object(
  {
    waitingJobsPerAddress: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 1_000,
      description: 'Most jobs of one consumer address that wait for their turn.',
    }),
    waitingPerAddressMB: Type.Number({
      minimum: 1,
      maximum: 1_000_000,
      default: 64,
      description:
        'Most that is stored for the waiting jobs of one consumer address, in MB: their code, custom data and asset descriptions.',
    }),
    waitingJobs: Type.Integer({
      minimum: 4,
      maximum: 100_000_000,
      default: 1_000_000,
      description:
        'Most jobs that wait on the whole node. One network may have a quarter of them, since new addresses cost nothing, and the last quarter is for jobs with orders on a chain: no stranger can fill the node for all.',
    }),
    waitingMB: Type.Number({
      minimum: 4,
      maximum: 1_000_000_000,
      default: 4_000,
      description:
        "Most that is stored for all waiting jobs, in MB, divided in the same way. The store's disk must have room for it.",
    }),
    keptResultsGB: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: LARGEST_GB,
        description:
          'Most that the results of all jobs may take until they expire, in GB, divided in the same way; one address may have a quarter. Each file counts 16 KB beside its bytes; the order of a job that has ended counts, too, and is forgotten with its results, or after a week where there are none. Beyond it jobs wait, and new ones are refused. Half of the disk that they lie on if absent, and no limit where they lie elsewhere (S3, IPFS).',
      }),
    ),
    newAddressesPerHour: Type.Integer({
      minimum: 0,
      maximum: 1_000_000_000,
      default: 1_000,
      description:
        'Consumer addresses that a network may bring to the node for the first time, an hour; 0 for no limit. The last nonce of an address is kept for ever, or what it signed once would count again.',
    }),
  },
  section('How much may wait on the node, and be kept there.'),
);
