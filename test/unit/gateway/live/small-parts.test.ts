import { setImmediate as nextTurn } from 'node:timers/promises';
import { hasCode } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import * as library from 'ws';
import { createTickets } from '../../../../services/gateway/src/auth/tickets.ts';
import { createTokenWatch, type TokenEnd } from '../../../../services/gateway/src/auth/token-watch.ts';
import { createConnectionLimit } from '../../../../services/gateway/src/limits/connection-limit.ts';
import { createTimeSlices } from '../../../../services/gateway/src/live/time-slices.ts';
import { isAllowedOrigin } from '../../../../services/gateway/src/ws/origin.ts';
import { anAddress } from '../a-job.ts';
import { textFrame } from '../../../../services/gateway/src/ws/text-frame.ts';

const aClock = () => {
  let now = 1_000_000;
  return {
    now: () => now,
    monotonicMs: () => now,
    pass(ms: number) {
      now += ms;
    },
  };
};

describe('a ticket', () => {
  it('counts once, and for half a minute', () => {
    const clock = aClock();
    const tickets = createTickets<string>(clock);
    const [first, second] = [tickets.issue('a', '192.0.2.1'), tickets.issue('b', '192.0.2.1')];
    expect(first.ticket).not.to.equal(second.ticket);
    expect(tickets.redeem(first.ticket)).to.equal('a');
    expect(tickets.redeem(first.ticket)).to.equal(undefined);
    clock.pass(second.expiresAtMs - clock.now());
    expect(tickets.redeem(second.ticket)).to.equal(undefined);
    expect(tickets.redeem('guessed')).to.equal(undefined);
  });

  it('is not forgotten for what other networks ask for, however much that is', () => {
    const tickets = createTickets<string>(aClock(), { ofNetwork: 3, inAll: 10 });
    const honest = tickets.issue('honest', '198.51.100.1');
    const theirs = Array.from({ length: 50 }, (_, index) => tickets.issue(`stranger ${index}`, '192.0.2.1'));
    expect(tickets.redeem(honest.ticket)).to.equal('honest');
    expect(theirs.filter(({ ticket }) => tickets.redeem(ticket) !== undefined)).to.have.length(3);
  });
});

describe('the watch over tokens', () => {
  const OF = { address: anAddress(1) };

  it('tells of all tokens of an address which end by a time, where they are taken back together', () => {
    const watch = createTokenWatch(aClock());
    const told: string[] = [];
    const leaves = [
      [1, 'early', 10_000_000],
      [1, 'late', 10_000_002],
      [2, 'of somebody else', 10_000_000],
    ].map(([n, jti, exp]) =>
      watch.watch({ address: anAddress(Number(n)), jti: String(jti), exp: Number(exp) }, (end) =>
        told.push(`${jti} ${end}`),
      ),
    );
    watch.revokedUpTo(anAddress(1), 10_000_001);
    expect(told).to.deep.equal(['early revoked']);
    for (const leave of leaves) leave();
  });

  it('tells all who rest on a token of its end, once, and nobody who has left', () => {
    const watch = createTokenWatch(aClock());
    const told: string[] = [];
    const listen = (name: string, jti: string) =>
      watch.watch({ ...OF, jti, exp: 10_000_000 }, (end: TokenEnd) => void told.push(`${name} ${end}`));
    listen('a', 'one');
    const leave = listen('b', 'one');
    listen('c', 'one');
    const leaveOther = listen('d', 'other');
    leave();
    watch.revoked({ jti: 'one' });
    watch.revoked({ jti: 'one' });
    expect(told).to.deep.equal(['a revoked', 'c revoked']);
    leaveOther();
  });

  it('tells at once of one that has expired already', async () => {
    const { promise, resolve } = Promise.withResolvers<TokenEnd>();
    createTokenWatch(aClock()).watch({ ...OF, jti: 'one', exp: 1 }, resolve);
    expect(await promise).to.equal('expired');
  });
});

describe('places', () => {
  it('are so many for one network and for all, and free again once they are left', () => {
    const take = createConnectionLimit({ maxFollowers: 3, maxFollowersPerNetwork: 2 });
    const isRefused = (network: string) => {
      try {
        take(network);
      } catch (error) {
        return hasCode(error, 'TOO_MANY_REQUESTS');
      }
      return false;
    };
    const leave = take('a');
    take('a');
    expect(isRefused('a')).to.equal(true);
    take('b');
    expect(isRefused('c')).to.equal(true);
    leave();
    leave();
    take('c');
    expect(isRefused('d')).to.equal(true);
  });
});

describe('turns', () => {
  it('let others between, after as much work as is allowed', async () => {
    const clock = aClock();
    const takeSlice = createTimeSlices({ budgetMs: 5, nowMs: clock.now });
    const done: string[] = [];
    const works = Array.from({ length: 6 }, (_, i) =>
      takeSlice(() => {
        clock.pass(3);
        return done.push(`work ${i}`);
      }),
    );
    await nextTurn();
    done.push('others');
    expect(await Promise.all(works)).to.have.length(6);
    expect(done.indexOf('others')).to.be.within(1, 5);
  });

  it('hand on what fails, and go on', async () => {
    const takeSlice = createTimeSlices({ budgetMs: 5, nowMs: aClock().now });
    const failed = takeSlice(() => {
      throw new Error('refused');
    });
    const next = takeSlice(() => 1);
    expect(await failed.catch(String)).to.equal('Error: refused');
    expect(await next).to.equal(1);
  });
});

describe('the origin of a page', () => {
  it('is one that is let in, or the node itself', () => {
    const isAllowed = (origin: string | undefined, origins: readonly string[]) =>
      isAllowedOrigin({ origin, host: 'node.example:8030', origins });
    expect(isAllowed(undefined, [])).to.equal(true);
    expect(isAllowed('https://app.example', ['https://app.example'])).to.equal(true);
    expect(isAllowed('https://app.example', ['*'])).to.equal(true);
    expect(isAllowed('https://node.example:8030', [])).to.equal(true);
    for (const origin of ['https://app.example', 'null', 'https://node.example', 'https://evil.example/node.example']) {
      expect(isAllowed(origin, ['https://other.example']), origin).to.equal(false);
    }
  });
});

/** Exported by the library, and absent from its types. */
const { Sender } = library as unknown as {
  readonly Sender: { frame(data: Buffer, options: object): readonly Buffer[] };
};

describe('a text frame', () => {
  it('is what the library makes of the text, of any length', () => {
    for (const length of [1, 125, 126, 65_535, 65_536, 100_000]) {
      const text = 'x'.repeat(length);
      const made = Sender.frame(Buffer.from(text), { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true });
      expect(textFrame(text).equals(Buffer.concat(made)), String(length)).to.equal(true);
    }
    expect(textFrame('é').toString('hex')).to.equal('8102c3a9');
  });
});
