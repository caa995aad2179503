import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect } from 'chai';
import { publicUrlOf, urlOf } from '../../../../services/gateway/src/http/server.ts';

describe('where clients reach a node', () => {
  it('is where it listens, also for those it still answers while it ends', async () => {
    const server = createServer();
    const publicUrl = publicUrlOf(server, undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = urlOf(server);
    server.close();
    await once(server, 'close');
    expect(publicUrl()).to.equal(url);
  });

  it('is what the settings say, wherever it listens', () => {
    expect(publicUrlOf(createServer(), 'https://node.example')()).to.equal('https://node.example');
  });
});
