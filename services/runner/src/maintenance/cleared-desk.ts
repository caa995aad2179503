/** Says of which ended runs nothing is left in the engine: when they are cleared away, and when the gateway asks, which may have missed it. */
import type { Bus } from '@capstan/shared/bus/connect';
import { broadcast, listen } from '@capstan/shared/bus/publish';
import { clearedSubject, WHAT_IS_LEFT } from '@capstan/shared/bus/subjects';
import { RemainsQuestionSchema, type Cleared } from '@capstan/shared/contract/cleared';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { compile } from '@capstan/shared/schema/validate';
import type { RunnerIdentity } from '../docker/names.ts';
import { findRuns } from '../docker/reconcile.ts';
import { runName, type Uncleared } from '../pipeline/uncleared.ts';
import type { Run } from '../results/results.ts';
import type { EngineHost } from '../docker/ports/host.ts';

export interface ClearedDesk extends Service {
  /** It has ended, and is cleared away. */
  tell(run: Run): void;
}

interface ClearedDeskOptions {
  readonly bus: Bus;
  readonly engine: Pick<EngineHost, 'find'>;
  readonly identity: RunnerIdentity;
  readonly uncleared: Pick<Uncleared, 'over'>;
  readonly isInHand: (run: Run) => boolean;
  readonly log: Log;
}

const validate = compile(RemainsQuestionSchema);

export function createClearedDesk({
  bus,
  engine,
  identity,
  uncleared,
  isInHand,
  log,
}: ClearedDeskOptions): ClearedDesk {
  const listening = new AbortController();
  const self = { runnerId: identity.id, former: [...identity.former] };
  const say = (because: Cleared['because'], runs: Cleared['runs']) =>
    broadcast(bus, clearedSubject(self.runnerId), { v: 1, ...self, because, runs } satisfies Cleared);

  const answer = async (runs: Cleared['runs']) => {
    const found = await findRuns(engine, identity, listening.signal);
    const left = new Set([...found.map(runName), ...(await uncleared.over())]);
    const none = runs.filter((run) => !isInHand(run) && !left.has(runName(run)));
    if (none.length > 0) say('none', none);
  };

  return {
    name: 'cleared desk',
    start() {
      const handle = (message: unknown) => {
        const checked = validate(message);
        // An engine that does not answer is asked again, as the gateway asks again.
        if (checked.ok)
          answer(checked.value.runs).catch((error: unknown) =>
            log.debug({ problem: messageOf(error) }, 'could not look what is left of ended runs'),
          );
      };
      listen(bus, { subject: WHAT_IS_LEFT, handle, signal: listening.signal });
      return Promise.resolve();
    },
    stop() {
      listening.abort();
      return Promise.resolve();
    },
    tell: ({ jobId, run }) => say('ended', [{ jobId, run }]),
  };
}
