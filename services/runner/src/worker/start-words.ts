/** What the runners say to each other of their starts, in the broker's bucket: the last word about a job stands there. */
import type { Bus } from '@capstan/shared/bus/connect';
import { changeStarted } from '@capstan/shared/bus/started';
import type { AttemptOwner, Started } from '@capstan/shared/contract/messages';
import type { Claim } from '../docker/ours.ts';

interface StartWordsOptions {
  readonly bus: Bus;
  readonly runnerId: string;
  /** Whether an id is this runner's, or was. */
  readonly isOurs: (id: string) => boolean;
}

export interface StartWords {
  /** Says it to the other runners, unless one of them has said so of this attempt or a later one: that one's word is returned. */
  say(claim: Claim): Promise<Started | undefined>;
  /** What the gateway knows and the broker forgot, in place of our own word. */
  putRight(claim: Claim, owner: AttemptOwner): Promise<Started | undefined>;
}

export function createStartWords({ bus, runnerId, isOurs }: StartWordsOptions): StartWords {
  return {
    async say({ jobId, run, attempt }) {
      const isTheirs = (last: Started | undefined): last is Started =>
        last !== undefined &&
        !isOurs(last.runnerId) &&
        (last.run > run || (last.run === run && last.attempt >= attempt));
      const own: Started = { v: 1, run, attempt, runnerId };
      const stands = await changeStarted(bus, jobId, (last) => (isTheirs(last) ? undefined : own));
      return isTheirs(stands) ? stands : undefined;
    },
    putRight: ({ jobId, run }, owner) =>
      changeStarted(bus, jobId, (last) =>
        last?.run === run && isOurs(last.runnerId) ? { v: 1, run, ...owner } : undefined,
      ),
  };
}
