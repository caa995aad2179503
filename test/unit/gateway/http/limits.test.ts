import { CapstanError } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import type { Context } from 'koa';
import { limitRate, networkIn } from '../../../../services/gateway/src/http/limits.ts';
import { createClientIp } from '../../../../services/gateway/src/limits/client-ip.ts';

const limit = limitRate({ clientIp: createClientIp([]), perIp: () => undefined });
const from = (remoteAddress: string | undefined) => ({ req: { socket: { remoteAddress }, headers: {} } }) as Context;

describe('a request', () => {
  it('counts for the network that it comes from', async () => {
    const ctx = from('10.0.0.7');
    await limit(ctx, () => Promise.resolve());
    expect(networkIn(ctx)).to.equal('10.0.0.7');
  });

  it('whose client has hung up already is nobody, and goes no further', () => {
    // Its socket has no address any more: no limit of a network would hold it.
    let wentOn = false;
    const next = () => Promise.resolve(void (wentOn = true));
    expect(() => limit(from(undefined), next)).to.throw(CapstanError);
    expect(wentOn).to.equal(false);
  });
});
