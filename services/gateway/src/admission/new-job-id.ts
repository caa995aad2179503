/** Ids of jobs: 122 random bits. */
import { randomUUID } from 'node:crypto';
import { parseJobId, type JobId } from '@capstan/shared/contract/ids';

/** With a letter in it: in a text that is signed without separators, an id of digits alone could be read as the end of a number. */
export function newJobId(random: () => string = randomUUID): JobId {
  for (;;) {
    const id = parseJobId(random().replaceAll('-', ''));
    if (id !== undefined && /[a-f]/.test(id)) return id;
  }
}
