import { expect } from 'chai';
import { hasCode } from '@capstan/shared/contract/errors';
import { createStrangers } from '../../../../services/gateway/src/auth/strangers.ts';
import { createTickets } from '../../../../services/gateway/src/auth/tickets.ts';
import { createBodyRoom, FREE_BYTES } from '../../../../services/gateway/src/http/body-room.ts';
import { createConnectionLimit } from '../../../../services/gateway/src/limits/connection-limit.ts';
import { createRateLimit } from '../../../../services/gateway/src/limits/rate-limit.ts';
import { siteOf } from '../../../../services/gateway/src/limits/sites.ts';
import { anAddress, aNonce } from '../a-job.ts';

const clock = { now: () => 0, monotonicMs: () => 0 };
/** Of one /48. */
const network = (n: number) => `2001:db8:1:${n.toString(16)}::/64`;
const ELSEWHERE = '2001:db8:2:0::/64';

/** How many of so many were taken. */
function taken(count: number, take: (n: number) => void): number {
  let sum = 0;
  for (let n = 0; n < count; n += 1) {
    try {
      take(n);
      sum += 1;
    } catch (error) {
      if (!hasCode(error, 'TOO_MANY_REQUESTS')) throw error;
    }
  }
  return sum;
}

describe('the site of a network', () => {
  it('is its /48, and an IPv4 address is its own', () => {
    expect(siteOf(network(7))).to.equal('2001:db8:1::/48');
    expect(siteOf(siteOf(network(7)))).to.equal('2001:db8:1::/48');
    expect(siteOf('192.0.2.1')).to.equal('192.0.2.1');
    expect(siteOf('')).to.equal('');
  });

  describe('has two shares, of whatever', () => {
    it('requests', () => {
      const limit = createRateLimit({ perSecond: 1, burst: 10 }, clock);
      expect(taken(100, (n) => limit(network(n)))).to.equal(20);
      expect(taken(100, () => limit(ELSEWHERE))).to.equal(10);
    });

    it('places', () => {
      const take = createConnectionLimit({ maxFollowers: 1_000, maxFollowersPerNetwork: 10 });
      const leaves: (() => void)[] = [];
      expect(taken(100, (n) => leaves.push(take(network(n))))).to.equal(20);
      expect(taken(100, () => take(ELSEWHERE))).to.equal(10);
      for (const leave of leaves) leave();
      expect(taken(100, (n) => take(network(n)))).to.equal(20);
    });

    it('memory for bodies', () => {
      const open = createBodyRoom({ ofNetwork: 10, inAll: 1_000 });
      expect(taken(100, (n) => open(network(n)).take(FREE_BYTES + 1))).to.equal(20);
      expect(taken(100, () => open(ELSEWHERE).take(FREE_BYTES + 1))).to.equal(10);
    });
  });

  it('leaves a network what it has while another one of it takes all that it may', () => {
    const limit = createRateLimit({ perSecond: 1, burst: 10 }, clock);
    expect(taken(100, () => limit(network(1)))).to.equal(10);
    expect(taken(100, () => limit(network(2)))).to.equal(10);
  });

  it('makes the node forget nobody elsewhere', () => {
    const tickets = createTickets<string>(clock, { ofNetwork: 2, inAll: 10 });
    const strangers = createStrangers({ ofNetwork: 2, inAll: 10 });
    const { ticket } = tickets.issue('elsewhere', ELSEWHERE);
    strangers.saw(anAddress(1), aNonce(5), ELSEWHERE);
    for (let n = 0; n < 50; n += 1) {
      tickets.issue('many', network(n));
      strangers.saw(anAddress(100 + n), aNonce(1), network(n));
    }
    expect(tickets.redeem(ticket)).to.equal('elsewhere');
    expect(strangers.last(anAddress(1))).to.equal(aNonce(5));
  });
});
