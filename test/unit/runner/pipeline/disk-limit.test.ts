import type { JobId } from '@capstan/shared/contract/ids';
import { createLog } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import type { Engine } from '../../../../services/runner/src/docker/engine.ts';
import type { Room } from '../../../../services/runner/src/docker/ports/volumes.ts';
import type { AttemptIdentity } from '../../../../services/runner/src/docker/names.ts';
import { tooMuchDisk } from '../../../../services/runner/src/pipeline/disk-limit.ts';
import type { JobLimits } from '../../../../services/runner/src/environments/limits.ts';

const LIMIT = { bytes: 1_000_000, files: 100 };
const little: Room = { bytes: 10, files: 1 };
const never = () => new Promise<never>(() => undefined);
const always =
  <T>(value: T) =>
  () =>
    Promise.resolve(value);

interface Looks {
  readonly named: () => Promise<Room | undefined>;
  readonly nameless?: () => Promise<Room | undefined>;
  readonly freeBytes?: () => Promise<number | undefined>;
}

describe('the looks at what a job writes', () => {
  const watch = async ({ named, nameless = always(little), freeBytes = always(10e9) }: Looks, signal?: AbortSignal) => {
    const engine = {
      find: always({ containers: [], volumes: [{ name: 'outputs', labels: {} }] }),
      diskUsage: named,
      namelessUsage: nameless,
      freeBytes,
    } as unknown as Engine;
    const identity = { jobId: 'a'.repeat(32) as JobId, run: 1, attempt: 1, owner: 'me' } as unknown as AttemptIdentity;
    const limits = { diskBytes: LIMIT.bytes, maxFiles: LIMIT.files } as JobLimits;
    const log = createLog('test', 'silent');
    const stopping = new AbortController();
    const until = signal ?? stopping.signal;
    return tooMuchDisk({ engine, identity, limits, settings: { minFreeDiskGB: 1 }, log }, until, {
      maxUnseenMs: 100,
      pauseMs: () => 10,
    });
  };

  it('are independent: one that never ends hides nothing from the others', async () => {
    const hidden = await watch({ named: never, nameless: always({ bytes: 2_000_000, files: 1 }) });
    expect(hidden.bytes).to.equal(2_000_000);
    const named = await watch({ named: always({ bytes: 2_000_000, files: 1 }), nameless: never, freeBytes: never });
    expect(named.bytes).to.equal(2_000_000);
  });

  it('may take too long once, when the machine was slow, and not twice in a row', async () => {
    let looks = 0;
    const overdue = { ...little, beyond: 'time' } as const;
    const rooms = [overdue, little, overdue, overdue];
    const told = await watch({ named: () => Promise.resolve(rooms[looks++] ?? little) });
    expect([looks, told.beyond]).to.deep.equal([4, 'time']);
  });

  it('end a job that can not be measured in time where the disk has hardly anything left', async () => {
    expect(await watch({ named: never, freeBytes: always(0.4e9) })).to.include({ beyond: 'time' });
  });

  it('end none that is measured, however little the disk has left, nor one that is slow where there is room', async () => {
    const over = new AbortController();
    let looks = 0;
    const measured = () => {
      looks += 1;
      if (looks === 10) over.abort(new Error('enough'));
      return Promise.resolve(little);
    };
    const ended = await watch({ named: measured, freeBytes: always(0.1e9) }, over.signal).catch(String);
    expect(ended).to.match(/abort/i);

    const later = new AbortController();
    let free = 0;
    const roomy = () => {
      free += 1;
      if (free === 3) later.abort(new Error('enough'));
      return Promise.resolve(10e9);
    };
    expect(await watch({ named: never, freeBytes: roomy }, later.signal).catch(String)).to.match(/abort/i);
  });
});
