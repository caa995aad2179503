/** What the gateway wants of a job lies with the broker, and with it its answer to a claim: an answer of before is none to the claim of now. */
import { expect } from 'chai';
import { getDesired, putDesired, watchDesired } from '@capstan/shared/bus/desired';
import type { Bus } from '@capstan/shared/bus/connect';
import type { JobId } from '@capstan/shared/contract/ids';
import type { AttemptOwner, StartCommand } from '@capstan/shared/contract/messages';
import { retry } from '@capstan/shared/runtime/retry';
import { systemClock } from '@capstan/shared/runtime/clock';
import { createClaimDesk } from '../../../services/runner/src/worker/claim-desk.ts';
import { log } from '../../integration/bus/a-broker.ts';
import { BROKERS } from './brokers.ts';

const jobId = 'c'.repeat(32) as JobId;
const claim = { jobId, run: 1, attempt: 1 };
const MINE: AttemptOwner = { attempt: 1, runnerId: 'runner-1' };
const LATER: AttemptOwner = { attempt: 2, runnerId: 'runner-2' };
const command = () => ({ confirmsStarts: true }) as StartCommand;
const wanted = (start: AttemptOwner) => ({ run: 1, want: 'run', start }) as const;

function aDesk(bus: Bus, signal: AbortSignal) {
  const desk = createClaimDesk({ bus, runnerId: 'runner-1', clock: systemClock, log });
  watchDesired(bus, { onWord: desk.hear, log, signal });
  return desk;
}

for (const [name, withBroker] of Object.entries(BROKERS)) {
  describe(`a claim, on ${name},`, () => {
    it('is not answered by what stood there before it was made', () =>
      withBroker(async (broker) => {
        const bus = await broker.connectedBus();
        // As after a broker lost its last words: by then the attempt is another runner's.
        await putDesired(bus, jobId, wanted(MINE));
        const desk = aDesk(bus, broker.signal);
        const asked = desk.ask(claim, command, broker.signal);
        asked.catch(() => undefined);
        // Longer than it takes to say it and to look.
        for (let looks = 0; looks < 20; looks += 1) await getDesired(bus, jobId);
        await putDesired(bus, jobId, wanted(LATER));
        expect(await asked).to.deep.equal(LATER);
      }));

    it('is not answered by what is read again after the broker was away', () =>
      withBroker(async (broker) => {
        const bus = await broker.connectedBus();
        await putDesired(bus, jobId, wanted(MINE));
        const desk = aDesk(bus, broker.signal);
        const asked = desk.ask(claim, command, broker.signal);
        asked.catch(() => undefined);
        await broker.restart({ isWiped: false });
        for (let looks = 0; looks < 20; looks += 1)
          await retry(() => getDesired(bus, jobId), { signal: broker.signal });
        await putDesired(bus, jobId, wanted(LATER));
        expect(await asked).to.deep.equal(LATER);
      }));

    it('is answered by what is said after it, in the same words as before, too', () =>
      withBroker(async (broker) => {
        const bus = await broker.connectedBus();
        await putDesired(bus, jobId, wanted(MINE));
        const asked = aDesk(bus, broker.signal).ask(claim, command, broker.signal);
        asked.catch(() => undefined);
        for (let looks = 0; looks < 20; looks += 1) await getDesired(bus, jobId);
        await putDesired(bus, jobId, wanted(MINE));
        expect(await asked).to.deep.equal(MINE);
      }));
  });
}
