import { backoffMs } from '@capstan/shared/client/backoff';
import { connect, type ConnectOptions, type Node } from '@capstan/shared/client/connect';
import type { StatusFrame } from '@capstan/shared/client/status-stream';
import type { FrameStream } from '@capstan/shared/client/stream';
import type { StatusObject } from '@capstan/shared/contract/api';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { ServerFrame } from '@capstan/shared/contract/socket';
import { expect } from 'chai';
import { fakeSockets, type NodeSide } from './fake-socket.ts';

const event = (cursor: number, subscription = '1'): ServerFrame => ({
  type: 'event',
  subscription,
  cursor,
  jobId: 'a',
  run: 1,
  attempt: 1,
  status: 40,
  statusText: 'Running algorithm',
  at: 1,
  job: {} as StatusObject,
});
const snapshot = (cursor: number, subscription = '1'): ServerFrame => ({
  type: 'snapshot',
  subscription,
  cursor,
  jobs: [],
  progress: [],
});

describe('the client of the live side', () => {
  let sockets: ReturnType<typeof fakeSockets>;
  let node: Node;
  const open = (options: ConnectOptions = {}) => {
    sockets = fakeSockets();
    node = connect('https://node.example', { WebSocket: sockets.WebSocket, random: () => 0, ...options });
    return node;
  };
  afterEach(() => node.close());

  const accepted = async (n: number): Promise<NodeSide> => {
    const side = await sockets.socket(n);
    side.accept();
    return side;
  };
  /** The next one, without waiting for the time between two tries. */
  const accept = async (n: number) => {
    node.retryNow();
    return accepted(n);
  };
  const take = async (stream: FrameStream<StatusFrame>, count: number) => {
    const taken: string[] = [];
    while (taken.length < count) {
      const { value } = await stream.next();
      if (!value) break;
      taken.push('cursor' in value ? `${value.type} ${value.cursor}` : value.type);
    }
    return taken;
  };

  it('finds the socket of a node by its address', async () => {
    open();
    expect((await sockets.socket(1)).url).to.equal('wss://node.example/api/services/compute/events');
  });

  it('says who asks before it asks, and asks for each subscription under a name of its own', async () => {
    open({ auth: { token: 't' } });
    node.subscribe({ jobs: ['a'] });
    node.subscribe({ owner: '0x1', from: 'start' });
    const side = await accepted(1);
    expect(side.sent).to.deep.equal([
      { type: 'authenticate', token: 't' },
      { type: 'subscribe', subscription: '1', jobs: ['a'] },
      { type: 'subscribe', subscription: '2', owner: '0x1', from: 'start' },
    ]);
  });

  it('hands each frame to the subscription that it names', async () => {
    open();
    const [one, two] = [node.subscribe({ jobs: ['a'] }), node.subscribe({ jobs: ['b'] })];
    const side = await accepted(1);
    side.send(snapshot(3, '2'), snapshot(4), event(5), event(6, '2'));
    expect(await take(one, 2)).to.deep.equal(['snapshot 4', 'event 5']);
    expect(await take(two, 2)).to.deep.equal(['snapshot 3', 'event 6']);
  });

  it('goes on behind the last event when the socket breaks', async () => {
    open();
    const stream = node.subscribe({ jobs: ['a'] });
    const first = await accepted(1);
    first.send(snapshot(4), event(5), event(6));
    first.lose();
    const second = await accept(2);
    expect(second.sent).to.deep.equal([{ type: 'subscribe', subscription: '1', jobs: ['a'], from: 6 }]);
    second.send(event(7), { type: 'caughtUp', subscription: '1', cursor: 7 });
    expect(await take(stream, 5)).to.deep.equal(['snapshot 4', 'event 5', 'event 6', 'event 7', 'caughtUp 7']);
  });

  it('tells of a reset, and goes on behind the snapshot after it', async () => {
    open();
    const stream = node.subscribe({ jobs: ['a'], from: 2 });
    const side = await accepted(1);
    side.send({ type: 'reset', subscription: '1', reason: 'cursor-too-old' }, snapshot(90));
    side.lose();
    const { sent } = await accept(2);
    expect(sent).to.deep.include({ type: 'subscribe', subscription: '1', jobs: ['a'], from: 90 });
    expect(await take(stream, 2)).to.deep.equal(['reset', 'snapshot 90']);
  });

  it('takes a reader who falls behind off the wire, and goes on where that one stopped', async () => {
    open();
    const stream = node.subscribe({ jobs: ['a'] });
    const side = await accepted(1);
    side.send(snapshot(0), ...Array.from({ length: 1_500 }, (_, index) => event(index + 1)));
    expect(side.sent.at(-1)).to.deep.equal({ type: 'unsubscribe', subscription: '1' });
    // What was on the way when the reader was taken off comes again under the new name, and not twice.
    expect(await take(stream, 900)).to.have.length(900);
    expect(side.sent.at(-1)).to.deep.equal({ type: 'subscribe', subscription: '2', jobs: ['a'], from: 999 });
    side.send(event(1_400, '1'), event(1_000, '2'), event(1_001, '2'));
    expect((await take(stream, 102)).slice(-3)).to.deep.equal(['event 999', 'event 1000', 'event 1001']);
  });

  it('leaves the loop with an unsubscribe', async () => {
    open();
    const stream = node.subscribe({ jobs: ['a'] });
    const side = await accepted(1);
    side.send(snapshot(1));
    for await (const _ of stream) break;
    expect(side.sent.at(-1)).to.deep.equal({ type: 'unsubscribe', subscription: '1' });
  });

  it('ends by its signal, with what had come', async () => {
    open();
    const stopping = new AbortController();
    const stream = node.subscribe({ jobs: ['a'] }, { signal: stopping.signal });
    const side = await accepted(1);
    side.send(snapshot(1));
    stopping.abort();
    expect(await take(stream, 5)).to.deep.equal(['snapshot 1']);
    expect(await take(node.subscribe({ jobs: ['a'] }, { signal: stopping.signal }), 5)).to.deep.equal([]);
  });

  it('ends all streams when it is closed, and the socket with them', async () => {
    open();
    const stream = node.subscribe({ jobs: ['a'] });
    const side = await accepted(1);
    node.close();
    expect(await take(stream, 1)).to.deep.equal([]);
    expect(await take(node.subscribe({ jobs: ['b'] }), 1)).to.deep.equal([]);
    expect([side.isClosed(), node.state().kind]).to.deep.equal([true, 'closed']);
  });

  it('ends the one subscription that is refused, and goes on with the others', async () => {
    open();
    const refused = node.subscribe({ jobs: ['a'] });
    const other = node.subscribe({ jobs: ['b'] });
    const side = await accepted(1);
    side.send({ type: 'error', code: 'BAD_FRAME', message: 'no such thing', subscription: '1', isOpen: true });
    const error = await refused.next().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(CapstanError).with.property('message', 'no such thing');
    side.send(event(1, '2'));
    expect(await take(other, 1)).to.deep.equal(['event 1']);
    side.lose();
    const next = await accept(2);
    expect(next.sent).to.deep.equal([{ type: 'subscribe', subscription: '1', jobs: ['b'], from: 1 }]);
  });

  it('fails with the words of the node when trying again would not help', async () => {
    open();
    const stream = node.subscribe({ jobs: ['a'] });
    const side = await accepted(1);
    side.send({ type: 'error', code: 'INVALID_SIGNATURE', message: 'Not you.' });
    side.lose(4401, 'INVALID_SIGNATURE');
    const failure = await stream.next().catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(CapstanError).with.property('code', 'INVALID_SIGNATURE');
    expect(failure).to.have.property('message', 'Not you.');
    expect(sockets.opened).to.have.length(1);
  });

  it('asks for new credentials when those that were good no longer are', async () => {
    let count = 0;
    open({ auth: () => ({ token: `t${(count += 1)}` }) });
    const stream = node.subscribe({ jobs: ['a'] });
    const first = await accepted(1);
    first.send(snapshot(1));
    first.lose(4401, 'expired');
    const second = await accept(2);
    expect(second.sent[0]).to.deep.equal({ type: 'authenticate', token: 't2' });
    // Those were never good: asking a third time would not help.
    second.lose(4401, 'INVALID_SIGNATURE');
    expect(await take(stream, 1)).to.deep.equal(['snapshot 1']);
    expect(await stream.next().catch((error: unknown) => error)).to.be.instanceOf(CapstanError);
  });

  it('reads a log on from the byte behind the last piece, and of a new attempt from its beginning', async () => {
    open();
    const log = node.logs({ jobId: 'a' });
    const first = await accepted(1);
    expect(first.sent).to.deep.equal([{ type: 'logs', subscription: '1', jobId: 'a', from: 0, follow: true }]);
    const piece = { type: 'log', subscription: '1', jobId: 'a', attempt: 1, stream: 'stdout', offset: 0 } as const;
    first.send({ ...piece, next: 3, text: 'one' });
    first.lose();
    const second = await accept(2);
    expect(second.sent[0]).to.include({ from: 3, attempt: 1 });
    second.send({ type: 'logRestart', subscription: '1', jobId: 'a', attempt: 2 });
    second.lose();
    const third = await accept(3);
    expect(third.sent[0]).to.include({ from: 0, attempt: 2 });
    third.send({ type: 'logEnd', subscription: '1', jobId: 'a', next: 0, isComplete: true });
    const seen: string[] = [];
    for await (const { type } of log) seen.push(type);
    expect(seen).to.deep.equal(['log', 'logRestart', 'logEnd']);
  });

  it('says how the connection is', async () => {
    open();
    const states: string[] = [];
    const forget = node.onState(({ kind }) => states.push(kind));
    const side = await accepted(1);
    side.lose();
    await accept(2);
    forget();
    node.close();
    expect(states).to.deep.equal(['open', 'waiting', 'connecting', 'open']);
  });

  it('tries again by itself', async () => {
    open();
    (await accepted(1)).lose();
    expect(node.state()).to.deep.equal({ kind: 'waiting', forMs: 125 });
    await sockets.socket(2);
  });
});

describe('the time between two tries to connect', () => {
  it('doubles up to a limit, half of it by chance', () => {
    expect([0, 1, 2, 3].map((failures) => backoffMs(failures, 1))).to.deep.equal([250, 500, 1_000, 2_000]);
    expect([0, 1, 2, 3].map((failures) => backoffMs(failures, 0))).to.deep.equal([125, 250, 500, 1_000]);
    expect(backoffMs(1_000, 1)).to.equal(10_000);
  });
});
