import { once } from 'node:events';
import { connect } from 'node:net';
import { hasCode } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { createBodyRoom, FREE_BYTES, shareBodies } from '../../../../services/gateway/src/http/body-room.ts';
import { readBody } from '../../../../services/gateway/src/http/body.ts';
import { serve } from '../../../support/gateway/http.ts';

const LIMIT = 1_000_000;

describe('what is kept of bodies', () => {
  const isTaken = (take: () => void) => {
    try {
      take();
      return true;
    } catch (error) {
      if (hasCode(error, 'TOO_MANY_REQUESTS')) return false;
      throw error;
    }
  };

  it('is so much of one network and of all, and the beginning of each is free', () => {
    const open = createBodyRoom({ ofNetwork: 100, inAll: 150 });
    const [first, second, other] = [open('a'), open('a'), open('b')];
    for (const share of [first, second, other]) share.take(FREE_BYTES);
    first.take(60);
    expect(isTaken(() => second.take(60))).to.equal(false);
    second.take(40);
    expect(isTaken(() => other.take(60))).to.equal(false);
    other.take(50);
    open('c').take(FREE_BYTES);
    first.leave();
    first.leave();
    expect(isTaken(() => open('a').take(FREE_BYTES + 60))).to.equal(true);
    expect(isTaken(() => open('a').take(FREE_BYTES + 1))).to.equal(false);
  });

  const aServer = () => {
    let read = 0;
    let heard = () => undefined as unknown;
    const open = createBodyRoom({ ofNetwork: 1_000_000, inAll: 1_000_000 });
    const counting: typeof open = (network) => {
      const { take, leave } = open(network);
      return {
        leave,
        take(bytes) {
          take(bytes);
          read += bytes;
          heard();
        },
      };
    };
    const node = serve((router) => {
      router.use(shareBodies(counting));
      router.post('/', async (ctx) => {
        ctx.body = String((await readBody(ctx.req, LIMIT)).length);
      });
    });
    return {
      node,
      until: (bytes: number) =>
        new Promise<void>((resolve) => {
          heard = () => read >= bytes && resolve();
          heard();
        }),
    };
  };

  it('is bounded, however many connections send most of a body and then nothing', async () => {
    const { node, until } = aServer();
    await using served = await node;
    const { hostname, port } = new URL(served.url);
    const post = (bytes: number) => fetch(served.url, { method: 'POST', body: 'x'.repeat(bytes) });
    const holding = connect(Number(port), hostname);
    holding.on('error', () => undefined);
    holding.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(800_000)}`);
    await until(800_000);
    const refused = await post(500_000);
    expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([429, '5']);
    const small = await post(10_000);
    expect([small.status, await small.text()]).to.deep.equal([200, '10000']);
    // In pieces of unknown length, it counts all the same.
    const chunked = connect(Number(port), hostname);
    chunked.write('POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n');
    chunked.write(`${(400_000).toString(16)}\r\n${'x'.repeat(400_000)}\r\n0\r\n\r\n`);
    const said: Buffer[] = [];
    chunked.on('data', (bytes: Buffer) => said.push(bytes));
    await once(chunked, 'close');
    expect(Buffer.concat(said).toString()).to.match(/^HTTP\/1\.1 429 /);
    // Whoever goes makes room.
    holding.destroy();
    const again = async (): Promise<Response> => {
      const answer = await post(500_000);
      return answer.status === 429 ? again() : answer;
    };
    expect(await (await again()).text()).to.equal('500000');
  });
});
