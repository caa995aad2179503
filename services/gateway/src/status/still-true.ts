/** Whether an answer is still true, without making it again: what it was made of says so. */
import type { JobId } from '@capstan/shared/contract/ids';
import type { Runners } from '../scheduling/runners.ts';
import type { Store } from '../store/store.ts';

/** Asked as often as somebody wants the answer; once false, it stays so. */
export type StillTrue = () => boolean;

export interface WhatIsTrue {
  /** Of anything: until the next commit, or until a runner is heard of or falls silent. Asked for before the first row is read. */
  now(): StillTrue;
  /** Of what follows from a job's row alone: until that has another revision. */
  ofJob(jobId: JobId, revision: number): StillTrue;
}

interface WhatIsTrueOptions {
  readonly store: Pick<Store, 'commits' | 'statuses'>;
  readonly runners: Pick<Runners, 'unchanged'>;
}

export function createWhatIsTrue({ store, runners }: WhatIsTrueOptions): WhatIsTrue {
  return {
    now() {
      const commits = store.commits();
      const areRunnersSame = runners.unchanged();
      return () => store.commits() === commits && areRunnersSame();
    },
    ofJob(jobId, revision) {
      // Never true of commits that were not looked at: the first question looks.
      let lookedAt = -1;
      return () => {
        const commits = store.commits();
        if (commits === lookedAt) return true;
        if (store.statuses.version(jobId)?.revision !== revision) return false;
        lookedAt = commits;
        return true;
      };
    },
  };
}
