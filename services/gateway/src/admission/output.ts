/** What a request wants to become of its results, checked and made ready to travel. */
import { createHash } from 'node:crypto';
import type { StartRequest } from '@capstan/shared/contract/api';
import type { JobSpec } from '@capstan/shared/contract/job';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { NotifyProblem } from '../notify/allowed.ts';
import { isPublicKey } from '@capstan/shared/crypto/seal';

interface Sealing {
  /** Encrypts to the node's key. */
  readonly seal: (text: string) => string;
  readonly notifyProblem: NotifyProblem;
}

/** Throws VALIDATION with the field that can't be used. */
export function outputOf({ output }: StartRequest, { seal, notifyProblem }: Sealing): Pick<JobSpec, 'output'> {
  const { encryptTo, notifyUrl } = output ?? {};
  if (encryptTo !== undefined && !isPublicKey(encryptTo)) {
    throw invalid('output.encryptTo', 'must be a public key of the curve secp256k1, in hex');
  }
  const problem = notifyUrl === undefined ? undefined : notifyProblem(notifyUrl);
  if (problem !== undefined) throw invalid('output.notifyUrl', problem);
  if (encryptTo === undefined && notifyUrl === undefined) return {};
  return {
    output: {
      ...(encryptTo === undefined ? {} : { encryptTo }),
      ...(notifyUrl === undefined ? {} : { sealedNotifyUrl: seal(notifyUrl), notifyPlace: placeOf(notifyUrl) }),
    },
  };
}

/** By it receivers are told apart without being known. */
const placeOf = (url: string) => createHash('sha256').update(new URL(url).host).digest('hex').slice(0, 32);

function invalid(field: string, problem: string): CapstanError {
  return new CapstanError('VALIDATION', 'Validation error', {
    fields: { [field]: [`The ${field} field ${problem}.`] },
  });
}
