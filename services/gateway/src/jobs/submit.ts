/** A start request becomes a job: checked, then stored with its nonce, its spec and its first event in one transaction. */
import type { Bus } from '@capstan/shared/bus/connect';
import type { Clock } from '@capstan/shared/clock';
import type { StartRequest } from '@capstan/shared/contract/api';
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobSpec } from '@capstan/shared/contract/job';
import { jobEvent } from '@capstan/shared/contract/messages';
import { CapstanError } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Assets } from '../assets/catalogue.ts';
import { resolveInputs } from '../assets/resolve.ts';
import { authenticate, spendNonce, type Caller } from '../auth/authorize.ts';
import { startMessage } from '../auth/message.ts';
import type { JobRow, NewJob } from '../store/jobs.ts';
import type { Store } from '../store/store.ts';
import { agreementIdOf } from './agreement-id.ts';
import type { Runners } from './runners.ts';

export interface Submission {
  readonly request: StartRequest;
  /** SHA-256 of the request's body, hex: by it a repeated request is known. */
  readonly bodyHash: string;
}

interface SubmitOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly runners: Runners;
  readonly assets: Assets;
  /** Encrypts to the node's key. */
  readonly seal: (text: string) => string;
  readonly newJobId: () => JobId;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once the job is stored. */
  readonly onStored: () => void;
}

/** Around the spec in its command, and NATS's own headers. */
const COMMAND_OVERHEAD_BYTES = 1_024;

/**
 * Resolves to the job once it is on disk. Throws INVALID_SIGNATURE, REFUSED with Ocean Provider's codes, BODY_TOO_LARGE, or
 * STORE_UNAVAILABLE. The same signed body again answers with the job that it created.
 */
export function createSubmit(options: SubmitOptions): (submission: Submission) => Promise<JobRow> {
  const { bus, store, runners, clock, log, onStored } = options;

  const known = ({ address, nonce }: Caller, bodyHash: string) => {
    const job = store.jobs.byNonce(address, nonce);
    return job?.bodyHash === bodyHash ? job : undefined;
  };

  const specOf = async (request: StartRequest, { address }: Caller): Promise<JobSpec> => {
    const state = request.environment === undefined ? undefined : runners.environment(request.environment);
    if (!state) throw noEnvironment(request.environment, runners);
    const { datasets, algorithm } = await resolveInputs(request, options);
    const { algocustomdata } = request.algorithm;
    return {
      environment: state.environment.id,
      owner: address,
      datasets: [...datasets],
      algorithm,
      ...(algocustomdata === undefined ? {} : { algocustomdata }),
    };
  };

  return async ({ request, bodyHash }) => {
    const caller = authenticate({
      ...request,
      message: startMessage({ ...request, documentId: request.dataset.documentId }),
    });
    const before = known(caller, bodyHash);
    if (before) return before;

    const spec = await specOf(request, caller);
    const specText = JSON.stringify(spec);
    requireFits(specText, bus.maxPayloadBytes());
    const newJob: NewJob = {
      jobId: options.newJobId(),
      owner: caller.address,
      environment: spec.environment,
      documentId: request.dataset.documentId,
      agreementId: agreementIdOf(request.dataset.transferTxId),
      algoDid: spec.algorithm.kind === 'published' ? spec.algorithm.asset.ddo.id : 'raw',
      inputDids: spec.datasets.map(({ ddo }) => ddo.id),
      nonce: caller.nonce,
      bodyHash,
      dateCreated: clock.now(),
    };

    const job = await store.write((transaction) => {
      // Of two of the same that came at once, the second finds the first one's job.
      const twin = known(caller, bodyHash);
      if (twin) return twin;
      spendNonce(store.nonces, caller);
      const added = store.jobs.add(newJob, specText);
      const event = jobEvent({ jobId: added.jobId, run: 1, attempt: 0, code: 1, at: newJob.dateCreated });
      transaction.announce({ cursor: store.events.append(event), event, job: added });
      return added;
    });
    log.info({ jobId: job.jobId, run: job.run, owner: job.owner, environment: job.environment }, 'job accepted');
    onStored();
    return job;
  };
}

function noEnvironment(id: string | undefined, runners: Runners): CapstanError {
  const offered = runners.environments().map(({ environment }) => environment.id);
  const hint =
    offered.length === 0
      ? 'No runner has announced one yet; try again shortly.'
      : `This node offers: ${offered.join(', ')}.`;
  const problem = id === undefined ? 'The job names no environment.' : `There is no environment ${id}.`;
  return new CapstanError('REFUSED', `${problem} ${hint}`, { refusal: 'Compute environment does not exist' });
}

function requireFits(spec: string, maxPayloadBytes = Number.POSITIVE_INFINITY): void {
  const size = Buffer.byteLength(spec) + COMMAND_OVERHEAD_BYTES;
  if (size <= maxPayloadBytes) return;
  throw new CapstanError(
    'BODY_TOO_LARGE',
    `The job with its asset descriptions takes ${size} bytes, and ${maxPayloadBytes} are the most this node can hand on. Publish the algorithm as an asset instead of sending its code.`,
  );
}
