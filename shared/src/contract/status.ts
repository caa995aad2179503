/**
 * The status table: the one place that knows which states a job has, what clients see of each, and who moves a job on.
 * Codes and texts come from the wire contract clients were written against; lifecycle, API, docs and drawing derive from here.
 */

export interface StatusRow {
  readonly code: number;
  readonly text: string;
  /** Position on the way of a job. A job only moves to a higher rank; every ending has the last rank. */
  readonly rank: number;
  /** The last rank an ending may follow in the same attempt; absent for statuses that don't end a run. */
  readonly endsFromRank?: number;
  /** When a job enters this status and who moves it on. */
  readonly about: string;
}

const ENDING = 7;

export const STATUS = {
  warmingUp: {
    code: 1,
    text: 'Warming up',
    rank: 0,
    about:
      'The job is accepted and durable and waits for a slot of its environment. The gateway moves it on by dispatching it; a stop ends it at once.',
  },
  started: {
    code: 10,
    text: 'Job started',
    rank: 1,
    about: 'A runner has taken the job and makes sure that the image is there. A new attempt begins here too.',
  },
  configuringVolumes: {
    code: 20,
    text: 'Configuring volumes',
    rank: 2,
    about: 'The runner creates the volumes and containers and fills in algorithm, datasets and DDOs.',
  },
  provisioned: {
    code: 30,
    text: 'Provisioning success',
    rank: 3,
    about: 'Everything the algorithm needs is in place; its container exists and has not been started.',
  },
  running: {
    code: 40,
    text: 'Running algorithm',
    rank: 4,
    about: 'The algorithm container is started. It leaves by exiting, by its time limit, or by a stop.',
  },
  filtering: {
    code: 50,
    text: 'Filtering results',
    rank: 5,
    about: "The environment's filter image looks at the outputs. Only where an environment has one.",
  },
  publishing: {
    code: 60,
    text: 'Publishing results',
    rank: 6,
    about: 'Outputs and logs are collected, hashed and written with their manifest.',
  },
  completed: {
    code: 70,
    text: 'Job completed',
    rank: ENDING,
    endsFromRank: 6,
    about: 'The algorithm exited with 0 and its results are published.',
  },
  stopped: {
    code: 7,
    text: 'Job stopped',
    rank: ENDING,
    endsFromRank: 6,
    about: 'Its owner or the operator stopped it. What there was of log and outputs is published first.',
  },
  deleted: {
    code: 8,
    text: 'Job deleted successfully',
    rank: ENDING,
    endsFromRank: 6,
    about: 'Its owner deleted it: containers, volumes and results are gone.',
  },
  pullFailed: {
    code: 11,
    text: 'Pulling algorithm image failed',
    rank: ENDING,
    endsFromRank: 1,
    about: 'The image is not on the machine and could not be pulled, or is not the one its checksum names.',
  },
  volumeFailed: {
    code: 21,
    text: 'Volume creation failed',
    rank: ENDING,
    endsFromRank: 2,
    about: 'The engine refused to create a volume of the job.',
  },
  containerFailed: {
    code: 22,
    text: 'Container creation failed',
    rank: ENDING,
    endsFromRank: 3,
    about: 'The engine refused to create a container of the job, or the command could not be carried out at all.',
  },
  dataProvisioningFailed: {
    code: 31,
    text: 'Data provisioning failed',
    rank: ENDING,
    endsFromRank: 2,
    about: 'A file of a dataset could not be fetched. The reason names dataset and file, never the address.',
  },
  algorithmProvisioningFailed: {
    code: 32,
    text: 'Algorithm provisioning failed',
    rank: ENDING,
    endsFromRank: 2,
    about: "A file of the algorithm could not be fetched, or is not the one the data's owner trusts.",
  },
  algorithmFailed: {
    code: 41,
    text: 'Algorithm failed',
    rank: ENDING,
    endsFromRank: 6,
    about:
      'The algorithm exited with another code than 0, could not be started, ran out of memory, or was lost with the engine three times.',
  },
  diskQuotaExceeded: {
    code: 42,
    text: 'Disk quota exceeded',
    rank: ENDING,
    endsFromRank: 6,
    about: 'The job wrote more than its environment allows.',
  },
  durationExceeded: {
    code: 43,
    text: 'Job duration exceeded',
    rank: ENDING,
    endsFromRank: 6,
    about: 'The algorithm ran longer than its environment allows and was stopped.',
  },
  filteringFailed: {
    code: 51,
    text: 'Filtering results failed',
    rank: ENDING,
    endsFromRank: 6,
    about: 'The filter failed: outputs are withheld, the log is kept.',
  },
  fetchFailed: {
    code: 61,
    text: 'Results fetch failed',
    rank: ENDING,
    endsFromRank: 6,
    about: 'Outputs could not be read from the container.',
  },
  uploadFailed: {
    code: 62,
    text: 'Results upload failed',
    rank: ENDING,
    endsFromRank: 6,
    about: 'Results could not be written to where results are kept.',
  },
} as const satisfies Record<string, StatusRow>;

export type StatusName = keyof typeof STATUS;
type Rows = (typeof STATUS)[StatusName];
export type StatusCode = Rows['code'];
/** A code that ends a run. */
export type EndingCode = Extract<Rows, { endsFromRank: number }>['code'];
/** A code on the way, reported by a runner. */
export type ProgressCode = Exclude<StatusCode, EndingCode | 1>;

const rows: readonly StatusRow[] = Object.values(STATUS);
const byCode: ReadonlyMap<number, StatusRow> = new Map(rows.map((row) => [row.code, row]));

/** All rows, in table order. */
export const STATUS_ROWS: readonly StatusRow[] = rows;

export function isStatusCode(code: number): code is StatusCode {
  return byCode.has(code);
}

/** The row of a code. */
export function statusRow(code: StatusCode): StatusRow {
  const row = byCode.get(code);
  if (!row) throw new TypeError(`no status has the code ${String(code)}`);
  return row;
}

export function statusText(code: StatusCode): string {
  return statusRow(code).text;
}

export function isEnding(code: StatusCode): code is EndingCode {
  return statusRow(code).endsFromRank !== undefined;
}

/**
 * The number of an event within its attempt: the rank of its status. It follows from the status alone, so a runner that was killed
 * and adopts its containers sends the very same number again, and the repetition is recognised everywhere as one event.
 */
export function eventNumber(code: StatusCode): number {
  return statusRow(code).rank;
}
