/** What a request wants to become of its results, checked and made ready to travel. */
import type { StartRequest } from '@capstan/shared/contract/api';
import type { JobSpec } from '@capstan/shared/contract/job';
import { CapstanError } from '@capstan/shared/errors';
import { isPublicKey } from '@capstan/shared/seal';

interface Sealing {
  /** Encrypts to the node's key. */
  readonly seal: (text: string) => string;
}

/** Throws VALIDATION with the field that can't be used. */
export function outputOf({ output }: StartRequest, { seal }: Sealing): Pick<JobSpec, 'output'> {
  const { encryptTo, notifyUrl } = output ?? {};
  if (encryptTo !== undefined && !isPublicKey(encryptTo)) {
    throw invalid('output.encryptTo', 'must be a public key of the curve secp256k1, in hex');
  }
  if (notifyUrl !== undefined && !URL.canParse(notifyUrl)) throw invalid('output.notifyUrl', 'must be a URL');
  if (encryptTo === undefined && notifyUrl === undefined) return {};
  return {
    output: {
      ...(encryptTo === undefined ? {} : { encryptTo }),
      ...(notifyUrl === undefined ? {} : { sealedNotifyUrl: seal(notifyUrl) }),
    },
  };
}

function invalid(field: string, problem: string): CapstanError {
  return new CapstanError('VALIDATION', 'Validation error', {
    fields: { [field]: [`The ${field} field ${problem}.`] },
  });
}
