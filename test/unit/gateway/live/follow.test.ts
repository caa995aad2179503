import { setImmediate as nextTurn } from 'node:timers/promises';
import { jobEvent } from '@capstan/shared/contract/messages';
import type { ServerFrame } from '@capstan/shared/contract/socket';
import { expect } from 'chai';
import type { From } from '../../../../services/gateway/src/live/follow.ts';
import type { Outlet } from '../../../../services/gateway/src/live/outlet.ts';
import { recordEvent } from '../../../../services/gateway/src/events/record-event.ts';
import { gatewayParts } from '../../../support/gateway/parts.ts';
import { aJobId, aNewJob, anAddress } from '../a-job.ts';

/** What a client is told, by kind; of events, their cursor. */
type Said = number | ServerFrame['type'];

interface Reading {
  readonly isBehind?: () => boolean;
  readonly isFull?: () => boolean;
}

function anOutlet(
  ready: () => Promise<void> = () => Promise.resolve(),
  { isBehind = () => false, isFull = () => false }: Reading = {},
) {
  const said: Said[] = [];
  const outlet: Outlet = {
    send: ({ type }) => void said.push(type),
    tell: ({ cursor }) => void said.push(cursor),
    hint: () => undefined,
    ready,
    isBehind,
    isFull,
  };
  return { outlet, said };
}

function fail(error: unknown): never {
  throw error instanceof Error ? error : new Error(String(error));
}

async function aLiveStore() {
  const { store, hub, follow, live } = gatewayParts();
  await hub.start();
  await store.write((transaction) => {
    const job = store.jobs.add(aNewJob(), '{}');
    const event = jobEvent({ jobId: job.jobId, run: 1, attempt: 0, code: 1, at: 1 });
    transaction.announce({ cursor: store.events.append(event, job), event, job });
  });
  let attempt = 0;
  return {
    store,
    live,
    /** One event more. */
    happen: () => {
      attempt += 1;
      const event = jobEvent({ jobId: aJobId(), run: 1, attempt, code: 10, at: 1_000 + attempt });
      return store.write((transaction) => recordEvent(store, transaction, event));
    },
    follow: (from: From, outlet: Outlet, signal = new AbortController().signal) =>
      follow({ subscription: '1', selection: { owner: anAddress() }, from, outlet, signal, onBroken: fail }),
    async [Symbol.asyncDispose]() {
      await hub.stop();
      store.close();
    },
  };
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);
const cursors = (said: readonly Said[]) => said.filter((each) => typeof each === 'number');

describe('a subscription', () => {
  it('joins history and what happens meanwhile without a gap or a repetition, however slowly its client reads', async () => {
    for (const pauses of [0, 1, 3]) {
      await using set = await aLiveStore();
      for (let i = 0; i < 350; i += 1) void set.happen();
      await set.happen();
      const slow = anOutlet(async () => {
        for (let i = 0; i < pauses; i += 1) await nextTurn();
      });
      const told = set.follow('start', slow.outlet);
      // Commits of their own, while pages are told.
      for (let i = 0; i < 100; i += 1) {
        void set.happen();
        await nextTurn();
      }
      await told;
      await set.happen();
      expect(cursors(slow.said)).to.deep.equal(upTo(set.live.lastCursor()));
      expect(slow.said.filter((each) => each === 'caughtUp')).to.have.length(1);
    }
  });

  it('is told its history no faster than its client reads it, event by event where one fills what may wait', async () => {
    await using set = await aLiveStore();
    for (let i = 0; i < 250; i += 1) void set.happen();
    await set.happen();
    let sinceRead = 0;
    let most = 0;
    const client = anOutlet(
      async () => {
        sinceRead = 0;
        // What happens while it reads comes after what is left of the page.
        if (set.live.lastCursor() < 270) await set.happen();
      },
      { isBehind: () => (most = Math.max(most, (sinceRead += 1))) >= 3 },
    );
    await set.follow('start', client.outlet);
    expect(most).to.equal(3);
    expect(cursors(client.said)).to.deep.equal(upTo(set.live.lastCursor()));
    expect(client.said.at(-1)).to.equal('caughtUp');
  });

  it('gets from the store what happens while its client reads too slowly, without a gap, and is not closed', async () => {
    await using set = await aLiveStore();
    let full = false;
    let read = Promise.withResolvers<undefined>();
    const client = anOutlet(() => (full ? read.promise : Promise.resolve()), { isFull: () => full });
    await set.follow('now', client.outlet);
    for (let round = 0; round < 3; round += 1) {
      full = true;
      const before = client.said.length;
      for (let i = 0; i < 120; i += 1) await set.happen();
      expect(client.said).to.have.length(before);
      full = false;
      read.resolve(undefined);
      read = Promise.withResolvers();
      while (cursors(client.said).at(-1) !== set.live.lastCursor()) await nextTurn();
      await set.happen();
    }
    expect(cursors(client.said)).to.deep.equal(upTo(set.live.lastCursor()).slice(1));
    expect(client.said.filter((each) => typeof each === 'string')).to.deep.equal(['snapshot', 'caughtUp']);
  });

  it('begins with a snapshot, and is told all after it', async () => {
    await using set = await aLiveStore();
    await set.happen();
    const { outlet, said } = anOutlet(() => nextTurn());
    await Promise.all([set.follow('now', outlet), set.happen(), set.happen()]);
    await set.happen();
    expect(said[0]).to.equal('snapshot');
    expect(said).to.include('caughtUp');
    // The snapshot may have been taken before, between or after the two.
    const events = cursors(said);
    expect(events).to.deep.equal(upTo(5).slice(-events.length));
  });

  it('of a client that has stopped reading takes nothing from the store until it reads again', async () => {
    await using set = await aLiveStore();
    for (let i = 0; i < 250; i += 1) await set.happen();
    let waits = 0;
    const { promise: readsAgain, resolve: readAgain } = Promise.withResolvers<void>();
    const { promise: isStuck, resolve: stuck } = Promise.withResolvers<undefined>();
    const { outlet, said } = anOutlet(() => {
      waits += 1;
      if (waits !== 3) return Promise.resolve();
      stuck(undefined);
      return readsAgain;
    });
    const told = set.follow('start', outlet);
    await isStuck;
    const before = said.length;
    for (let i = 0; i < 50; i += 1) await set.happen();
    expect(said).to.have.length(before);
    readAgain();
    await told;
    expect(cursors(said)).to.deep.equal(upTo(301));
  });

  it('hears nothing more once it has ended, in the middle of its history or after it', async () => {
    await using set = await aLiveStore();
    const ending = new AbortController();
    const { outlet, said } = anOutlet();
    await set.follow('now', outlet, ending.signal);
    ending.abort();
    await set.happen();
    expect(said).to.deep.equal(['snapshot', 'caughtUp']);
    const early = anOutlet();
    await set.follow('start', early.outlet, AbortSignal.abort());
    await set.happen();
    expect(early.said).to.deep.equal([]);
  });

  it('is told when its cursor can not be resumed from', async () => {
    await using set = await aLiveStore();
    await set.happen();
    await set.happen();
    const said = async (from: From) => {
      const client = anOutlet();
      const ending = new AbortController();
      await set.follow(from, client.outlet, ending.signal);
      ending.abort();
      return client.said;
    };
    expect(await said(2)).to.deep.equal([3, 'caughtUp']);
    expect(await said(3)).to.deep.equal(['caughtUp']);
    expect(await said(4)).to.deep.equal(['reset', 'snapshot', 'caughtUp']);
    await set.store.write(() => set.store.cursors.setPruned(set.store.events.prune(1_002, 10).last ?? 0));
    expect(await said(1)).to.deep.equal(['reset', 'snapshot', 'caughtUp']);
    expect(await said(2)).to.deep.equal([3, 'caughtUp']);
    expect(await said('start')).to.deep.equal([3, 'caughtUp']);
  });
});
