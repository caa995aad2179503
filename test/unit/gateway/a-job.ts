/** Builders of what the gateway's store holds. */
import type { Address, EnvironmentId, JobId, Nonce } from '@capstan/shared/contract/ids';
import type { NewJob } from '../../../services/gateway/src/store/jobs.ts';

export const anAddress = (n = 1) => `0x${String(n).padStart(40, '0')}` as Address;
export const aJobId = (n = 1) => String(n).padStart(32, '0') as JobId;
export const anEnvironment = (name = 'local') => name as EnvironmentId;
export const aNonce = (n: number | string = 1) => String(n) as Nonce;

export function aNewJob(changes: Partial<NewJob> = {}): NewJob {
  return {
    jobId: aJobId(),
    owner: anAddress(),
    ownerShown: anAddress(),
    environment: anEnvironment(),
    documentId: 'did:op:1',
    agreementId: '0x1',
    algoDid: 'raw',
    inputDids: ['did:op:1'],
    nonce: aNonce(),
    bodyHash: 'hash',
    dateCreated: 1_000,
    ...changes,
  };
}
