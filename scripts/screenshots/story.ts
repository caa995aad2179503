/** A busy afternoon on a node, for pictures of the page: jobs in every phase, some that wait, and some that have ended. */
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { ClientFrame, ServerFrame } from '@capstan/shared/contract/socket';
import { isStatusCode, statusText } from '@capstan/shared/contract/status';
import type { Story } from './played-node.ts';

/** When it is, in the pictures: a Tuesday in March. */
export const NOW = Date.UTC(2026, 2, 17, 14, 5, 9);
const NOW_S = NOW / 1_000;

const OWNERS = ['0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A', '0x5F3A1C0d9E7b44A2c8D06b1e93f7A5528Bd0C4e1'] as const;
const ZERO_ADDRESS = `0x${'0'.repeat(40)}`;

const hex = (seed: number, length: number) =>
  Array.from({ length }, (_, at) =>
    ((seed * 2_654_435_761 + at * at * 40_503 + at * 97) >>> 7).toString(16).at(-1),
  ).join('');

interface Part {
  readonly status: number;
  readonly ageS: number;
  readonly tookS?: number;
  readonly environment?: string;
  readonly owner?: 0 | 1;
  readonly queue?: StatusObject['queue'];
  readonly termination?: StatusObject['terminationDetails'];
  readonly results?: readonly (readonly [name: string, size: number])[];
}

const PARTS: readonly Part[] = [
  { status: 10, ageS: 14, environment: 'gpu' },
  { status: 20, ageS: 31, owner: 1 },
  { status: 40, ageS: 754 },
  { status: 60, ageS: 148, owner: 1 },
  { status: 1, ageS: 9, queue: { position: 1, reason: 'All 4 places of this environment are taken.' } },
  { status: 1, ageS: 4, owner: 1, queue: { position: 2, reason: 'All 4 places of this environment are taken.' } },
  {
    status: 70,
    ageS: 1_260,
    tookS: 318,
    results: [
      ['model.onnx', 48_301_552],
      ['metrics.json', 3_409],
      ['curves.svg', 28_724],
      ['algorithm.log', 10_240],
    ],
  },
  {
    status: 41,
    ageS: 2_410,
    tookS: 95,
    owner: 1,
    termination: {
      exitCode: 137,
      signal: 'SIGKILL',
      OOMKilled: true,
      reason: 'The algorithm needed more memory than the 8 GB that its environment gives to a job.',
    },
    results: [['algorithm.log', 1_811]],
  },
  { status: 70, ageS: 3_900, tookS: 61, owner: 1, results: [['rain.json', 3_409]] },
  {
    status: 7,
    ageS: 5_400,
    tookS: 40,
    termination: { exitCode: 143, signal: 'SIGTERM', OOMKilled: false, reason: 'Its owner stopped the job.' },
  },
];

const jobOf = (part: Part, seed: number): StatusObject => {
  const { status, ageS, tookS, environment = 'lab', owner = 0, queue = null, termination = null, results = [] } = part;
  const jobId = hex(seed + 3, 32);
  const created = NOW_S - ageS;
  return {
    owner: OWNERS[owner],
    documentId: `did:op:${hex(90 + (seed % 3), 64)}`,
    did: `did:op:${hex(90 + (seed % 3), 64)}`,
    jobId,
    run: 1,
    agreementId: `0x${hex(seed + 200, 64)}`,
    dateCreated: created,
    dateFinished: tookS === undefined ? null : created + tookS,
    status,
    statusText: textOf(status),
    environment,
    algorithmLogUrl: null,
    resultsUrls: [],
    results: results.map(([filename, filesize], index) => ({
      filename,
      filesize,
      index,
      type: filename.endsWith('.log') ? ('algorithmLog' as const) : ('output' as const),
    })),
    resultsDid: '',
    inputDID: [`did:op:${hex(90 + (seed % 3), 64)}`],
    algoDID: `did:op:${hex(70, 64)}`,
    stopreq: 0,
    removed: 0,
    expireTimestamp: tookS === undefined ? null : created + tookS + 604_800,
    terminationDetails: termination,
    queue,
  };
};

const textOf = (status: number) => (isStatusCode(status) ? statusText(status) : '');

export const JOBS: readonly StatusObject[] = PARTS.map(jobOf);
/** The one that runs, and the one that is done. */
export const [RUNNING, DONE] = [JOBS[2], JOBS[6]];

const environmentOf = (id: string, desc: string, more: Partial<EnvironmentObject>): EnvironmentObject => ({
  id: id as EnvironmentObject['id'],
  desc,
  cpuType: 'AMD EPYC 7313P',
  nCPU: 4,
  cpuNumber: 4,
  gpuType: '',
  nGPU: 0,
  gpuNumber: 0,
  ramGB: 8,
  diskGB: 50,
  orders: 'free',
  priceMin: 0,
  feeToken: ZERO_ADDRESS,
  maxJobs: 4,
  maxJobDuration: 86_400,
  storageExpiry: 604_800,
  allowNetworkAccess: false,
  consumerAddress: ZERO_ADDRESS,
  currentJobs: 0,
  queuedJobs: 0,
  lastSeen: NOW_S,
  available: true,
  ...more,
});

const ENVIRONMENTS = [
  environmentOf('lab', 'Four places beside the archive', { currentJobs: 4, queuedJobs: 2 }),
  environmentOf('gpu', 'One card, for training', {
    maxJobs: 1,
    currentJobs: 1,
    nGPU: 1,
    gpuType: 'A4000',
    ramGB: 32,
    priceMin: 0.05,
  }),
  environmentOf('night', 'Runs after hours', { maxJobs: 8, available: false }),
];

const WAY: Readonly<Record<number, readonly (readonly [status: number, afterS: number])[]>> = {
  40: [
    [1, 0],
    [10, 0.021],
    [20, 8.4],
    [30, 21.9],
    [40, 22.3],
  ],
  70: [
    [1, 0],
    [10, 0.018],
    [20, 0.042],
    [30, 4.61],
    [40, 4.92],
    [60, 317.1],
    [70, 318],
  ],
};

function eventsOf(job: StatusObject, subscription: string): readonly ServerFrame[] {
  return (WAY[job.status] ?? [[1, 0]]).map(([status, afterS], index) => ({
    type: 'event',
    subscription,
    cursor: 4_000 + index,
    jobId: job.jobId,
    run: 1,
    attempt: status === 1 ? 0 : 1,
    status,
    statusText: textOf(status),
    at: Number(job.dateCreated) + afterS,
    job,
  }));
}

const PROGRESS = [
  { job: JOBS[0], phase: 'pull', doneBytes: 1_310_000_000, totalBytes: 2_100_000_000 },
  { job: JOBS[1], phase: 'provision', doneBytes: 214_000_000, totalBytes: 690_000_000 },
] as const;

const LOG: readonly (readonly [stream: 'stdout' | 'stderr', text: string])[] = [
  ['stdout', 'read 2922 days of two cities, 4 years\nepoch  1/40  loss 0.6931  accuracy 0.512\n'],
  ['stdout', 'epoch  2/40  loss 0.4127  accuracy 0.803\n'],
  ['stderr', 'warning: 3 rows without a date were left out\n'],
  ['stdout', 'epoch  3/40  loss 0.3304  accuracy 0.861\nepoch  4/40  loss 0.2891  accuracy 0.884\n'],
];

function logOf(job: StatusObject | undefined, subscription: string): readonly ServerFrame[] {
  if (job?.owner !== OWNERS[0]) return [];
  const { jobId } = job;
  let next = 0;
  const pieces = LOG.map(([stream, text]): ServerFrame => {
    const offset = next;
    next += Buffer.byteLength(text);
    return { type: 'log', subscription, jobId, attempt: 1, stream, offset, next, text };
  });
  return job.dateFinished === null
    ? pieces
    : [...pieces, { type: 'logEnd', subscription, jobId, next, isComplete: true }];
}

export const STORY: Story = {
  caller: { address: OWNERS[0], isOperator: true },
  environments: ENVIRONMENTS,
  answer: (frame: ClientFrame, subscription): readonly ServerFrame[] => {
    if (frame.type === 'logs')
      return logOf(
        JOBS.find(({ jobId }) => jobId === frame.jobId),
        subscription,
      );
    if (frame.type !== 'subscribe') return [];
    if (frame.jobs === undefined) {
      const progress = PROGRESS.map(({ job, ...rest }) => ({
        jobId: (job?.jobId ?? '') as never,
        run: 1,
        attempt: 1,
        at: NOW,
        ...rest,
      }));
      return [{ type: 'snapshot', subscription, cursor: 4_100, jobs: [...JOBS], progress }];
    }
    const job = JOBS.find(({ jobId }) => jobId === frame.jobs?.[0]);
    return [...(job ? eventsOf(job, subscription) : []), { type: 'caughtUp', subscription, cursor: 4_100 }];
  },
};

/** A token that says whom it stands for, and that no node would take. */
export const TOKEN = `e30.${Buffer.from(JSON.stringify({ address: OWNERS[0] })).toString('base64url')}.0`;
