import { publish } from '@capstan/shared/bus/publish';
import { hasCode } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { aBroker, nextConnection, within } from './a-broker.ts';

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

const message = { subject: 'jobs.start.local', messageId: '1', message: { a: 1 } };

describe('the connection to NATS', () => {
  it('makes the streams, and says that they are new', async () => {
    await using broker = await aBroker();
    const bus = broker.bus();
    const connected = nextConnection(bus);
    await bus.start();
    expect(await connected).to.deep.equal({ isFresh: true });
    const manager = await bus.jetStream().jetstreamManager();
    const names = [];
    for await (const name of manager.streams.names()) names.push(name);
    expect(names).to.have.members(['JOBS', 'EVENTS', 'KV_desired', 'KV_started']);
    expect(bus.maxPayloadBytes()).to.equal(1_048_576);
  });

  it('takes over streams that are there, and does not call them new', async () => {
    await using broker = await aBroker();
    await broker.connectedBus();
    const second = broker.bus();
    const connected = nextConnection(second);
    await second.start();
    expect(await connected).to.deep.equal({ isFresh: false });
  });

  it('bounds what runners say of their starts, also in a bucket that an earlier release made, and keeps its words', async () => {
    await using broker = await aBroker();
    const first = await broker.connectedBus();
    const manager = await first.jetStream().jetstreamManager();
    await manager.streams.update('KV_started', { max_bytes: -1 });
    await first.jetStream().publish('$KV.started.x', 'a word');
    const { created } = await manager.streams.info('KV_started');
    const second = broker.bus();
    const connected = nextConnection(second);
    await second.start();
    expect(await connected).to.deep.equal({ isFresh: false });
    const mended = await manager.streams.info('KV_started');
    expect([mended.config.max_bytes, mended.created, mended.state.messages]).to.deep.equal([134_217_728, created, 1]);
  });

  it('comes back by itself after a restart of the server, which kept its streams', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    const connected = nextConnection(bus);
    await broker.restart();
    expect(await connected).to.deep.equal({ isFresh: false });
    await publish(bus, message);
  });

  it('makes the streams anew when the server lost them, and says so', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    const connected = nextConnection(bus);
    await broker.restart({ isWiped: true });
    expect(await connected).to.deep.equal({ isFresh: true });
    await publish(bus, message);
  });

  it('tells every client of streams that were lost, whoever made them anew', async () => {
    await using broker = await aBroker();
    const buses = [await broker.connectedBus(), await broker.connectedBus()];
    const connected = buses.map(nextConnection);
    await broker.restart({ isWiped: true });
    expect(await Promise.all(connected)).to.deep.equal([{ isFresh: true }, { isFresh: true }]);
  });

  it('waits for a server that is not there yet', async () => {
    await using broker = await aBroker({ isStarted: false });
    const bus = broker.bus();
    await bus.start();
    expect(bus.isConnected()).to.equal(false);
    expect(() => bus.connection())
      .to.throw()
      .with.property('code', 'BUS_UNAVAILABLE');
    expect(hasCode(await failureOf(publish(bus, message)), 'BUS_UNAVAILABLE')).to.equal(true);
    const connected = bus.connected(broker.signal);
    await broker.start();
    await within(connected, 'the connection');
    expect(bus.isConnected()).to.equal(true);
    await publish(bus, message);
  });

  it('is not usable while the server is away', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    await broker.stop();
    expect(hasCode(await failureOf(publish(bus, message)), 'BUS_UNAVAILABLE')).to.equal(true);
    expect(bus.isConnected()).to.equal(false);
  });

  it('lets go of who no longer waits for it', async () => {
    await using broker = await aBroker({ isStarted: false });
    const bus = broker.bus();
    await bus.start();
    const reason = new Error('no longer wanted');
    const impatient = new AbortController();
    const waiting = bus.connected(impatient.signal);
    impatient.abort(reason);
    expect(await failureOf(waiting)).to.equal(reason);
    expect(await failureOf(bus.connected(impatient.signal))).to.equal(reason);
  });

  it('may be stopped twice, before it is there, and while it is away', async () => {
    await using broker = await aBroker({ isStarted: false });
    const bus = broker.bus();
    await bus.stop();
    const started = broker.bus();
    await started.start();
    await started.stop();
    await started.stop();
    await broker.start();
    const lost = await broker.connectedBus();
    await broker.stop();
    await lost.stop();
  });
});
