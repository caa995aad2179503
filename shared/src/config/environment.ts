/** Settings of an environment: what one job gets there, and what all of them share. */
import { Type, type Static } from 'typebox';
import { EnvironmentIdSchema } from '../contract/ids.ts';
import { FilterSchema } from './filter.ts';
import { LARGEST_CHAIN_ID, LARGEST_GB, LONGEST_KEEP_S, strict } from './section.ts';

export const EnvironmentConfigSchema = Type.Object(
  {
    id: Type.Unsafe<Static<typeof EnvironmentIdSchema>>({
      ...EnvironmentIdSchema,
      default: 'local',
      description:
        'Name that consumers use: letters, digits, `-`, `_`. It stays the same when limits or prices change.',
    }),
    desc: Type.String({ default: 'Runs on this machine', description: 'One line for consumers.' }),
    maxJobs: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 2,
      description: 'How many jobs run at the same time, as long as what they need together fits the machine.',
    }),
    cpus: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 100_000,
        description: 'CPUs of each job that asks for no less; an equal share of the machine if absent.',
      }),
    ),
    memoryGB: Type.Optional(
      Type.Number({
        minimum: 0.006,
        maximum: LARGEST_GB,
        description:
          'Memory of each job that asks for no less, in GB; an equal share of 80 % of the machine if absent. No swap.',
      }),
    ),
    diskGB: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: LARGEST_GB,
        description: 'Most that each job may write, in GB; an equal share of half the free disk if absent.',
      }),
    ),
    maxFiles: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000_000,
        description:
          'Most files and folders that each job may make, for a file system has no endless number of them; an equal share of half of those that are free, at most 200,000, if absent. What a job writes while its files are counted is seen late, the later the more they are.',
      }),
    ),
    pids: Type.Integer({
      minimum: 1,
      maximum: 4_194_304,
      default: 512,
      description: 'Most processes and threads of each job.',
    }),
    tmpMB: Type.Number({
      minimum: 1,
      maximum: 1_000_000,
      default: 64,
      description: 'Size of `/tmp` of each job, in MB. It lies in memory and counts as memory of the job.',
    }),
    jobUid: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_533,
        description:
          'User and group id that all algorithms run as here; each job has one of `runner.jobUids` if absent. Never root.',
      }),
    ),
    gpus: Type.Array(Type.String({ pattern: '^[A-Za-z0-9_:.-]{1,128}$' }), {
      uniqueItems: true,
      default: [],
      description:
        'GPUs of all jobs together, by index (`0`) or UUID (`GPU-…`), as the engine knows them; all by index or all by UUID, so that no card has two names. Each is lent to one job at a time; a job gets as many as it asks for, none if it does not.',
    }),
    gpuType: Type.String({ default: '', description: 'What kind of GPUs these are, for consumers.' }),
    networkAccess: Type.Boolean({
      default: false,
      description:
        'Whether jobs may reach the public internet, if every one of their datasets allows it too. See docs/resources.md for how far that goes.',
    }),
    maxJobDurationS: Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      default: 86_400,
      description: 'Longest run of an algorithm, in seconds.',
    }),
    storageExpiryS: Type.Integer({
      minimum: 60,
      maximum: LONGEST_KEEP_S,
      default: 604_800,
      description: 'How long results are kept, in seconds.',
    }),
    filter: Type.Optional(FilterSchema),
    orders: Type.Union([Type.Literal('free'), Type.Literal('chain')], {
      default: 'free',
      description:
        '`chain`: each job needs orders of its assets on their chain, the fee of this environment among them. `free`: any order will do, for nodes that sell nothing.',
    }),
    priceMin: Type.Number({
      minimum: 0,
      maximum: 1e15,
      default: 0,
      description: 'Price of a minute, in units of feeToken.',
    }),
    feeToken: Type.String({
      pattern: '^0x[0-9a-fA-F]{40}$',
      default: '0x0000000000000000000000000000000000000000',
      description: 'Token that fees are paid in; the zero address means free.',
    }),
    allowedChainId: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: LARGEST_CHAIN_ID }), {
        minItems: 1,
        maxItems: 100,
        uniqueItems: true,
        description:
          'Chains whose assets may be computed on here: for others this environment is not listed, and jobs with an asset of another chain are refused. Any chain if absent.',
      }),
    ),
  },
  strict,
);
export type EnvironmentConfig = Static<typeof EnvironmentConfigSchema>;
