/** What the simulation's broker does not have; the rest is in test/conformance/bus, on both. */
import { publish } from '@capstan/shared/bus/publish';
import { expect } from 'chai';
import { aBroker, puller } from './a-broker.ts';

const command = (n: number) => ({ subject: 'jobs.start.local', messageId: `message-${n}`, message: { n } });

describe('a message', () => {
  it('that is no JSON comes too, for its reader to discard', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    await bus.jetStream().publish('jobs.start.local', 'no {json');
    const message = await puller(bus, broker.signal).next();
    expect(message.body).to.equal(undefined);
    expect(message.text).to.equal('no {json');
  });

  it('that was delivered but not acknowledged comes again after a crash of the server', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    await publish(bus, command(1));
    const messages = puller(bus, broker.signal, { ackWaitMs: 1_000 });
    await messages.next();
    await broker.restart();
    expect((await messages.next()).body).to.deep.equal({ n: 1 });
  });

  it('is no longer waited for once the signal aborts, server or not', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    const connected = new AbortController();
    const ended = puller(bus, connected.signal).ended();
    connected.abort();
    expect(await ended).to.equal(true);

    const away = new AbortController();
    await broker.stop();
    const endedToo = puller(bus, away.signal).ended();
    away.abort();
    expect(await endedToo).to.equal(true);
  });
});
