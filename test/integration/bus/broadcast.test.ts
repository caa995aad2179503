import { broadcast, listen } from '@capstan/shared/bus/publish';
import { announceSubject, ALL_ANNOUNCEMENTS } from '@capstan/shared/bus/subjects';
import { expect } from 'chai';
import { aBroker, heard, nextConnection } from './a-broker.ts';

describe('what is broadcast', () => {
  it('is heard by whoever listens to its subject now', async () => {
    await using broker = await aBroker();
    const [speaker, listener] = [await broker.connectedBus(), await broker.connectedBus()];
    const words = heard<unknown>();
    listen(listener, { subject: ALL_ANNOUNCEMENTS, handle: words.take, signal: broker.signal });
    await listener.connection().flush();
    broadcast(speaker, 'elsewhere', 0);
    broadcast(speaker, announceSubject('one'), 1);
    broadcast(speaker, announceSubject('two'), 2);
    await words.until((word) => word === 2, 'the second word');
    expect(words.items).to.deep.equal([1, 2]);
  });

  it('is heard once, also after the server was away', async () => {
    await using broker = await aBroker();
    const [speaker, listener] = [await broker.connectedBus(), await broker.connectedBus()];
    const words = heard<unknown>();
    listen(listener, { subject: 'news', handle: words.take, signal: broker.signal });
    const connected = [speaker, listener].map(nextConnection);
    await broker.restart();
    await Promise.all(connected);
    await listener.connection().flush();
    broadcast(speaker, 'news', 'back');
    broadcast(speaker, 'news', 'end');
    await words.until((word) => word === 'end', 'the last word');
    expect(words.items).to.deep.equal(['back', 'end']);
  });

  it('may be listened to before there is a server', async () => {
    await using broker = await aBroker({ isStarted: false });
    const bus = broker.bus();
    const words = heard<unknown>();
    listen(bus, { subject: 'news', handle: words.take, signal: broker.signal });
    broadcast(bus, 'news', 'to nobody');
    await bus.start();
    await broker.start();
    await bus.connected(broker.signal);
    await bus.connection().flush();
    broadcast(bus, 'news', 'first');
    await words.until((word) => word === 'first', 'the first word');
    expect(words.items).to.have.length(1);
  });

  it('is undefined to the listener where it is no JSON', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    const words = heard<unknown>();
    listen(bus, { subject: 'news', handle: (word) => words.take(word ?? 'nothing'), signal: broker.signal });
    bus.connection().publish('news', 'no {json');
    expect(await words.until(() => true, 'the word')).to.equal('nothing');
  });

  it('is no longer heard once the signal aborts', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    const [gone, there] = [heard<unknown>(), heard<unknown>()];
    const over = new AbortController();
    listen(bus, { subject: 'news', handle: gone.take, signal: over.signal });
    listen(bus, { subject: 'news', handle: there.take, signal: broker.signal });
    over.abort();
    broadcast(bus, 'news', 1);
    await there.until((word) => word === 1, 'the word');
    expect(gone.items).to.deep.equal([]);
  });
});
