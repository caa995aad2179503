/** Results encrypted to the key that the job named, on their way out: nobody on the way or where they are kept can read them. */
import { SEALED_SUFFIX } from '@capstan/shared/results/manifest';
import { sealFile } from '@capstan/shared/crypto/sealed-file';
import type { Draft } from './results.ts';

/** What is for the operator alone stays as it is. */
export function sealedDraft(draft: Draft, publicKeyHex: string): Draft {
  return {
    ...draft,
    add: ({ filename, type }, body) =>
      draft.add({ filename: `${filename}${SEALED_SUFFIX}`, type }, sealFile(publicKeyHex, body)),
  };
}
