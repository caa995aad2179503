/** Work on what was downloaded, in a thread of its own: it throws FETCH_FAILED with the problem that the thread found, or that it took too much. */
import * as shared from '@capstan/shared/runtime/apart';
import { failed } from './source.ts';

export type { RunApart } from '@capstan/shared/runtime/apart';

export const createApart = (atOnce: number): shared.RunApart => shared.createApart(atOnce, failed);

export const apart = (work: shared.Apart, signal: AbortSignal): Promise<unknown> => shared.apart(work, signal, failed);
