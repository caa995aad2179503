/** The table of signed texts by what they were accepted for: only of those that could be read as something else later. */
import type { JobId } from '@capstan/shared/contract/ids';
import type { Db } from './db.ts';

/** So many are remembered of one job: each is a row. */
export const MOST_TEXTS = 10_000;

export type UsedTexts = ReturnType<typeof createUsedTexts>;

export function createUsedTexts(db: Db) {
  const select = db.prepare('select purpose from used_texts where digest = ?');
  const count = db.prepare('select count(*) as n from used_texts where job = (select id from jobs where job_id = ?)');
  const insert = db.prepare(`
    insert or ignore into used_texts (digest, purpose, job) select ?, ?, id from jobs where job_id = ?`);

  return {
    purposeOf: (digest: Uint8Array) => select.get(digest)?.['purpose'] as string | undefined,
    /** Whether no more are kept of a job: from then on nobody can tell what a text about it was signed for. */
    isFull: (jobId: JobId) => Number(count.get(jobId)?.['n']) >= MOST_TEXTS,
    /** Kept as long as the job. */
    add(digest: Uint8Array, purpose: string, jobId: JobId): void {
      insert.run(digest, purpose, jobId);
    },
  };
}
