import { expect } from 'chai';
import { createBus } from '@capstan/shared/bus/connect';
import { createLog } from '@capstan/shared/runtime/log';
import type { ConnectionOptions } from 'nats';

describe('the connection to NATS', () => {
  it('is known to be dead within five seconds, though nothing breaks it', async () => {
    const { promise, resolve } = Promise.withResolvers<ConnectionOptions>();
    const bus = createBus({
      nats: { servers: ['nats://nowhere'] },
      name: 'test',
      log: createLog('test', 'silent'),
      dial(options) {
        resolve(options);
        return Promise.reject(new Error('nobody is there'));
      },
    });
    await bus.start();
    const { pingInterval = Infinity, maxPingOut = Infinity } = await promise;
    await bus.stop();
    // The next ping after the last that may go unanswered finds out.
    expect(pingInterval * (maxPingOut + 1)).to.be.at.most(5_000);
  });
});
