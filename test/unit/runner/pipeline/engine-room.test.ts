import { CapstanError } from '@capstan/shared/contract/errors';
import { createLog } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import { createEngineRoom } from '../../../../services/runner/src/pipeline/engine-room.ts';

describe('a job whose data does not fit on the disk of the engine', () => {
  it('ends though its own image can be let go, and comes back, with each try', async () => {
    const cause = new CapstanError('DATA_UNAVAILABLE', 'It does not fit.');
    const room = createEngineRoom({
      inHand: () => ['job'],
      readDisk: () => Promise.resolve({ freeBytes: 1, isFull: false }),
      letGo: () => Promise.resolve(true),
      onChange: () => undefined,
    });
    const log = createLog('test', 'silent');
    let tries = 0;
    const work = () => {
      tries += 1;
      return Promise.reject(
        tries > 9 ? new Error('tried for ever') : new CapstanError('DISK_FILLED', 'Full.', { cause }),
      );
    };
    const undo = () => Promise.resolve();
    const { signal } = new AbortController();
    const error: unknown = await room
      .waitFor(work, { jobId: 'job', undo, log, signal })
      .catch((caught: unknown) => caught);
    expect(error).to.equal(cause);
    expect(tries).to.equal(2);
  });
});
