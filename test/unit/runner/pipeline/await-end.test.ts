import type { JobId } from '@capstan/shared/contract/ids';
import { systemClock } from '@capstan/shared/runtime/clock';
import { createLog } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import type { Engine } from '../../../../services/runner/src/docker/engine.ts';
import type { AttemptIdentity } from '../../../../services/runner/src/docker/names.ts';
import type { Attempt } from '../../../../services/runner/src/pipeline/attempt.ts';
import { createControl, type Want } from '../../../../services/runner/src/pipeline/control.ts';
import type { Cause } from '../../../../services/runner/src/pipeline/ending.ts';
import { awaitEnd } from '../../../../services/runner/src/pipeline/steps/wait.ts';

describe('an algorithm that runs', () => {
  /** What is noted of why it ends, and how the wait for it does, where it exits once the engine is told to stop it. */
  const ended = async (want: Want) => {
    const exit = Promise.withResolvers<void>();
    const engine = {
      waitForExit: () => exit.promise,
      stopContainer: () => Promise.resolve(exit.resolve()),
      inspectContainer: () => Promise.resolve({ kind: 'running' }),
      find: () => Promise.resolve({ containers: [], volumes: [] }),
      namelessUsage: () => Promise.resolve({ bytes: 0, files: 0 }),
      freeBytes: () => Promise.resolve(10e9),
    } as unknown as Engine;
    const attempt = {
      engine,
      identity: { jobId: 'a'.repeat(32) as JobId, run: 1, attempt: 1, owner: 'me' } as unknown as AttemptIdentity,
      limits: { maxDurationS: 600, diskBytes: 1e6, maxFiles: 100 },
      settings: { stopGraceS: 1, minFreeDiskGB: 1 },
      log: createLog('test', 'silent'),
    } as unknown as Attempt;
    const control = createControl();
    const noted: Cause[] = [];
    const waiting = awaitEnd(
      attempt,
      {
        algorithm: { kind: 'running', sinceMs: systemClock.monotonicMs() },
        clock: systemClock,
        halted: control.halted,
        flooded: new Promise(() => undefined),
        cause: undefined,
        note: (cause) => Promise.resolve(void noted.push(cause)),
      },
      control.dropped,
    );
    control.set(want);
    const end = await waiting.then(
      ({ because }) => because,
      () => 'left',
    );
    return { end, noted };
  };

  it('is noted as stopped before it is, where that was asked for', async () => {
    expect(await ended('stopped')).to.deep.equal({ end: 'stop', noted: [{ because: 'stop' }] });
  });

  for (const want of ['lapsed', 'deleted', 'ended'] as const) {
    it(`is not noted as stopped where its run is dropped (${want}): another life may go on with it`, async () => {
      expect(await ended(want)).to.deep.equal({ end: 'left', noted: [] });
    });
  }
});
