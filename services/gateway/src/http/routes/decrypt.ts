/** `POST /api/services/decrypt`: a recorded description, opened for an indexer. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import type { Decrypt } from '../../files/decrypt.ts';
import { route } from '../route.ts';

/** As bytes: their SHA-256 is what is recorded. */
export const decryptRecorded = (decrypt: Decrypt) =>
  route(ENDPOINTS.decrypt, async ({ input }) => Buffer.from(await decrypt(input), 'utf8'));
