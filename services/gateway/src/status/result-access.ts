/** Which result file a caller may read: their own job's, by its index. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { ResultQuery } from '@capstan/shared/contract/api';
import { readJobId, type Address } from '@capstan/shared/contract/ids';
import { isoOf } from '@capstan/shared/runtime/dates';
import { CapstanError } from '@capstan/shared/contract/errors';
import { resultMessage } from '../auth/message.ts';
import type { OpenedResult, Results } from '../results/open.ts';
import type { Store } from '../store/store.ts';
import type { Source } from '../auth/identify.ts';
import type { Reading } from '../auth/reading.ts';

interface ResultOptions {
  readonly store: Store;
  readonly results: Results;
  readonly reading: Reading;
  readonly clock: Clock;
}

/** The index of a result if none is named. */
const FIRST = '0';

export type OpenResult = (request: ResultQuery, source: Source) => Promise<OpenedResult>;

/**
 * Resolves to the open file; whoever gets it closes it. Rejects with INVALID_SIGNATURE, or NOT_FOUND alike for a job of somebody else,
 * no such job, and no such result; EXPIRED for one whose time is over.
 */
export function createResult({ store, results, reading, clock }: ResultOptions): OpenResult {
  const open = async (owner: Address, request: ResultQuery): Promise<OpenedResult> => {
    const jobId = readJobId(request.jobId);
    const found = jobId && store.jobs.find(jobId);
    const job = found?.owner === owner ? found : undefined;
    const run = request.run === undefined ? job?.run : Number(request.run);
    if (job && run === job.run && job.expiresAt !== null && job.expiresAt <= clock.now()) throw expired(job.expiresAt);
    const asked = Number(request.index ?? FIRST);
    const opened = job && run !== undefined ? await results.open({ jobId: job.jobId, run }, asked) : undefined;
    if (opened && opened.expiresAt <= clock.now()) {
      await opened.close();
      throw expired(opened.expiresAt);
    }
    if (!opened) throw absent(job && run === job.run && job.results.some(({ index }) => index === asked));
    return opened;
  };

  return async (request, { proof, network }) => {
    // The index is signed as it was sent; where none was, a text without one would be that of a status.
    const signing = {
      purpose: 'result',
      text: (nonce: string) => resultMessage({ ...request, index: request.index ?? FIRST, nonce }),
    } as const;
    return reading({
      jobId: request.jobId,
      credentials: request,
      proof,
      network,
      signing,
      open: (caller) => open(caller, request),
      close: (opened) => opened.close(),
    });
  };
}

/** `isListed`: its job's status names it, as after a restore from a backup that was made without results. */
const absent = (isListed = false) =>
  new CapstanError(
    'NOT_FOUND',
    isListed
      ? 'The job left this result, and the node has it no more: it may have been restored without results. Run the job again, or ask the operator.'
      : 'There is no such result. Ask for the status of the job to see which it has.',
  );

export const expired = (expiresAt: number) =>
  new CapstanError(
    'EXPIRED',
    `The results of this run were kept until ${isoOf(expiresAt)}, as its environment says, and are gone. Run the job again to have them anew.`,
  );
