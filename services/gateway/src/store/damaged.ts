/** What the gateway says of a store that is damaged, whoever finds it. */
import { CapstanError } from '@capstan/shared/contract/errors';

export const damaged = (what: string, cause?: unknown): CapstanError =>
  new CapstanError(
    'STORE_UNAVAILABLE',
    `The store is damaged (${what}). Restore it from a backup (npm run restore -- --help); the node does not run on it.`,
    { cause },
  );
