/** What a caller hears whose proof is none: Ocean Provider's text, which clients show to their users, and beside it what is wrong. */
import { CapstanError } from '@capstan/shared/contract/errors';

export const invalidSignature = (detail?: string) =>
  new CapstanError(
    'INVALID_SIGNATURE',
    'Invalid signature provided. Please check the nonce or documentId.',
    detail === undefined ? {} : { detail },
  );

export const badToken = () =>
  invalidSignature(
    'The token is not valid: it is not of this node, has expired, or was taken back. Ask for a new one: GET createAuthToken.',
  );
