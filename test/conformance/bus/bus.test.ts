/** What the services, and the simulation, rely on of NATS: the same facts on a real server and on the simulation's. */
import { expect } from 'chai';
import { getDesired, putDesired, watchDesired } from '@capstan/shared/bus/desired';
import { broadcast, listen, publish } from '@capstan/shared/bus/publish';
import { changeStarted, getStarted } from '@capstan/shared/bus/started';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Desired } from '@capstan/shared/contract/messages';
import { hasCode } from '@capstan/shared/contract/errors';
import { heard, log, nextConnection, puller, within } from '../../integration/bus/a-broker.ts';
import { BROKERS } from './brokers.ts';

const command = (n: number, environment = 'local') => ({
  subject: `jobs.start.${environment}`,
  messageId: `message-${n}`,
  message: { n },
});
const jobId = 'a'.repeat(32) as JobId;

for (const [name, withBroker] of Object.entries(BROKERS)) {
  describe(`a message, on ${name},`, () => {
    it('comes once, though it was published twice', () =>
      withBroker(async (broker) => {
        const bus = await broker.connectedBus();
        for (const n of [1, 1, 1, 2]) await publish(bus, command(n));
        const messages = puller(bus, broker.signal);
        const [first, second] = [await messages.next(), await messages.next()];
        expect([first.body, second.body]).to.deep.equal([{ n: 1 }, { n: 2 }]);
        expect(first).to.deep.include({ subject: 'jobs.start.local', deliveries: 1, text: '{"n":1}' });
      }));

    it('of another subject is not seen', () =>
      withBroker(async (broker) => {
        const bus = await broker.connectedBus();
        await publish(bus, command(1, 'gpu'));
        await publish(bus, command(2));
        expect((await puller(bus, broker.signal).next()).body).to.deep.equal({ n: 2 });
        const gpu = puller(bus, broker.signal, { consumer: 'runner-gpu', subject: 'jobs.start.gpu' });
        expect((await gpu.next()).body).to.deep.equal({ n: 1 });
      }));

    it('goes to the next who asks when it is neither acknowledged nor worked on', () =>
      withBroker(async (broker) => {
        const [bus, other] = [await broker.connectedBus(), await broker.connectedBus()];
        await publish(bus, command(1));
        const dead = new AbortController();
        expect((await puller(bus, dead.signal, { ackWaitMs: 500, batchSize: 1 }).next()).deliveries).to.equal(1);
        dead.abort();
        const again = await puller(other, broker.signal, { ackWaitMs: 500, batchSize: 1 }).next();
        expect(again).to.deep.include({ body: { n: 1 }, deliveries: 2 });
      }));

    it('stays with who says that work goes on', () =>
      withBroker(async (broker) => {
        const bus = await broker.connectedBus();
        for (const n of [1, 2]) await publish(bus, command(n));
        const messages = puller(bus, broker.signal, { ackWaitMs: 500 });
        const held = await messages.next();
        const heartbeat = setInterval(held.working, 100);
        try {
          // The other one comes again each time its time is over; that is the clock of this test.
          const bodies = [];
          for (let n = 0; n < 4; n += 1) bodies.push((await messages.next()).body);
          expect(bodies).to.deep.equal([{ n: 2 }, { n: 2 }, { n: 2 }, { n: 2 }]);
        } finally {
          clearInterval(heartbeat);
        }
      }));

    it('that is released comes again at once; that is acknowledged or discarded, never', () =>
      withBroker(async (broker) => {
        const bus = await broker.connectedBus();
        for (const n of [1, 2, 3]) await publish(bus, command(n));
        const messages = puller(bus, broker.signal, { ackWaitMs: 300, batchSize: 1 });
        (await messages.next()).ack();
        (await messages.next()).discard();
        (await messages.next()).release();
        for (let deliveries = 2; deliveries < 5; deliveries += 1) {
          expect(await messages.next()).to.deep.include({ body: { n: 3 }, deliveries });
        }
      }));

    it('is asked for one at a time where only one has room', () =>
      withBroker(async (broker) => {
        const [bus, other] = [await broker.connectedBus(), await broker.connectedBus()];
        for (const n of [1, 2]) await publish(bus, command(n));
        const first = await puller(bus, broker.signal, { batchSize: 1 }).next();
        const second = await puller(other, broker.signal, { batchSize: 1 }).next();
        expect([first.body, second.body]).to.deep.equal([{ n: 1 }, { n: 2 }]);
      }));

    for (const isWiped of [false, true]) {
      it(`comes to a pull that waited while the server ${isWiped ? 'lost everything' : 'was restarted'}`, () =>
        withBroker(async (broker) => {
          const bus = await broker.connectedBus();
          const messages = puller(bus, broker.signal);
          await publish(bus, command(1));
          (await messages.next()).ack();
          const waiting = messages.next();
          const connected = nextConnection(bus);
          await broker.restart({ isWiped });
          expect(await connected).to.deep.equal({ isFresh: isWiped });
          // A server that lost everything has also forgotten which messages it had.
          const n = isWiped ? 1 : 2;
          await publish(bus, command(n));
          // An acknowledgement that the server had not kept when it ended is lost: then the first comes again.
          const come = [(await waiting).body];
          if (JSON.stringify(come[0]) !== JSON.stringify({ n })) come.push((await messages.next()).body);
          expect(come).to.deep.equal(come.length === 1 ? [{ n }] : [{ n: 1 }, { n }]);
        }));
    }

    it('is acknowledged by its number: also by one that was meant for a stream that is gone', () =>
      withBroker(async (broker) => {
        const [bus, other] = [await broker.connectedBus(), await broker.connectedBus()];
        await publish(bus, command(1));
        const old = await puller(bus, broker.signal, { ackWaitMs: 1_000, batchSize: 1 }).next();
        const connected = [bus, other].map(nextConnection);
        await broker.restart({ isWiped: true });
        await Promise.all(connected);
        for (const n of [2, 3]) await publish(other, command(n));
        const dead = new AbortController();
        const first = await puller(other, dead.signal, { ackWaitMs: 1_000, batchSize: 1 }).next();
        expect(first.body).to.deep.equal({ n: 2 });
        old.ack();
        dead.abort();
        // Message 2 would come before or after message 3, if it were still there.
        const rest = puller(other, broker.signal, { ackWaitMs: 1_000, batchSize: 1 });
        const bodies = [(await rest.next()).body, (await rest.next()).body];
        expect(bodies).to.deep.equal([{ n: 3 }, { n: 3 }]);
      }));

    it('can not be published while the server is away', () =>
      withBroker(async (broker) => {
        const bus = await broker.connectedBus();
        await broker.stop();
        const failure = await publish(bus, command(1)).catch((error: unknown) => error);
        expect(hasCode(failure, 'BUS_UNAVAILABLE')).to.equal(true);
      }));
  });

  describe(`what the gateway wants of a job, on ${name},`, () => {
    it('is told to who watches: first as it stands, then each word', () =>
      withBroker(async (broker) => {
        const [gateway, runner] = [await broker.connectedBus(), await broker.connectedBus()];
        await putDesired(gateway, jobId, { run: 1, want: 'run' });
        const words = heard<Desired>();
        watchDesired(runner, { onWord: (_jobId, desired) => words.take(desired), log, signal: broker.signal });
        await words.until(({ want }) => want === 'run', 'the state as it stands');
        await putDesired(gateway, jobId, { run: 1, want: 'stopped' });
        await words.until(({ want }) => want === 'stopped', 'the word');
        expect(await getDesired(runner, jobId)).to.deep.equal({ v: 1, run: 1, want: 'stopped' });
      }));

    for (const isWiped of [false, true]) {
      it(`is ${isWiped ? 'forgotten' : 'kept'} when the server ${isWiped ? 'loses everything' : 'is restarted'}, and told again after`, () =>
        withBroker(async (broker) => {
          const bus = await broker.connectedBus();
          const words = heard<Desired>();
          watchDesired(bus, { onWord: (_jobId, desired) => words.take(desired), log, signal: broker.signal });
          await putDesired(bus, jobId, { run: 1, want: 'run' });
          await words.until(({ want }) => want === 'run', 'the word before');
          const connected = nextConnection(bus);
          await broker.restart({ isWiped });
          await connected;
          expect((await getDesired(bus, jobId))?.want).to.equal(isWiped ? undefined : 'run');
          await putDesired(bus, jobId, { run: 1, want: 'stopped' });
          await words.until(({ want }) => want === 'stopped', 'the word after');
        }));
    }
  });

  describe(`which runner started a job, on ${name},`, () => {
    it('is the first one that says so, of any number who say it at once', () =>
      withBroker(async (broker) => {
        const buses = [await broker.connectedBus(), await broker.connectedBus(), await broker.connectedBus()];
        const claims = buses.map((bus, index) =>
          changeStarted(bus, jobId, (last) => last ?? { v: 1, run: 1, attempt: 1, runnerId: `runner-${index}` }),
        );
        const stands = (await Promise.all(claims)).map((started) => started?.runnerId);
        expect(new Set(stands).size).to.equal(1);
        expect((await getStarted(await broker.connectedBus(), jobId))?.runnerId).to.equal(stands[0]);
      }));
  });

  describe(`what is broadcast, on ${name},`, () => {
    it('is heard by whoever listens to its subject now, once, and again after the server was away', () =>
      withBroker(async (broker) => {
        const [speaker, listener] = [await broker.connectedBus(), await broker.connectedBus()];
        const words = heard<unknown>();
        listen(listener, { subject: 'runners.*.announce', handle: words.take, signal: broker.signal });
        await listener.connection().flush();
        broadcast(speaker, 'runners.who', 0);
        broadcast(speaker, 'runners.one.announce', 1);
        await words.until((word) => word === 1, 'the word');
        const connected = [speaker, listener].map(nextConnection);
        await broker.restart({ isWiped: false });
        await within(Promise.all(connected), 'the connections');
        await listener.connection().flush();
        broadcast(speaker, 'runners.one.announce', 2);
        await words.until((word) => word === 2, 'the word after');
        expect(words.items).to.deep.equal([1, 2]);
      }));
  });
}
