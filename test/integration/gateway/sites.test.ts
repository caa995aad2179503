import { expect } from 'chai';
import { COMPUTE } from '../../support/gateway/caller.ts';
import { startGateway } from '../../support/gateway/scene.ts';

const JOBS = 16;
const ONE_SHARE = JOBS / 4;

describe('jobs that wait', () => {
  it('of one /48 are no more than a share of the node, though each comes from a network of its own', async () => {
    await using scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_TRUSTED_PROXIES: '["127.0.0.0/8"]',
        CAPSTAN_GATEWAY_QUOTAS_WAITING_JOBS: String(JOBS),
      },
      hasRunner: true,
    });
    const statuses: number[] = [];
    const start = async (address: string) => {
      const caller = scene.caller();
      const body = await caller.startBody(scene.order());
      return (await caller.call('POST', COMPUTE, { body, headers: { 'X-Forwarded-For': address } })).status;
    };
    // Two are sent to the runner, which has two places, and do not wait.
    for (let n = 0; n < ONE_SHARE + 4; n += 1) statuses.push(await start(`2001:db8:1:${n}::1`));
    expect(statuses.filter((status) => status === 200).length).to.be.within(ONE_SHARE, ONE_SHARE + 2);
    expect(statuses.at(-1)).to.equal(429);
    expect(await start('2001:db8:2::1')).to.equal(200);
  });
});
