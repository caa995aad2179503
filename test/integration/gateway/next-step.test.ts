import { expect } from 'chai';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

interface Refusal {
  readonly error?: string;
  readonly errors?: object;
  readonly hint?: string;
}

const COMPUTE = '/api/services/compute';

describe('a refusal, read by whoever writes a first client', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());
  const ask = async (...call: Parameters<ReturnType<GatewayScene['caller']>['call']>) => {
    const answer = await scene.caller().call(...call);
    return { status: answer.status, ...(answer.json() as Refusal) };
  };

  it('of a status of no job at all says nothing of signing, where this node asks nobody to', async () => {
    const { status, errors, hint } = await ask('GET', COMPUTE, {});
    expect(status).to.equal(400);
    expect(errors).to.have.property('jobId');
    expect(hint).to.equal(undefined);
  });

  it('of a stop without any proof says how to sign', async () => {
    expect((await ask('PUT', COMPUTE, {})).hint).to.match(/^Sign consumerAddress/);
  });

  it('of a method that a path has not names those that it has', async () => {
    const { status, error } = await ask('PATCH', COMPUTE, {});
    expect(status).to.equal(405);
    expect(error).to.match(/^PATCH is not for this path\. Use one of: .*\bPOST\b.*\bDELETE\b/);
  });

  it('of a body that is no object says what it is', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await ask('POST', COMPUTE, { body: '[]', headers })).error).to.match(/it is a list\.$/);
    expect((await ask('POST', COMPUTE, { body: '"x"', headers })).error).to.match(/it is a string\.$/);
    expect((await ask('POST', COMPUTE, { body: 'null', headers })).error).to.match(/it is null\.$/);
  });

  it('of a job that is not there, or not theirs, says what to check', async () => {
    const answer = await scene.caller().stop({ jobId: 'b'.repeat(32) });
    expect(answer.status).to.equal(404);
    expect((answer.json() as Refusal).error).to.match(/no such job of yours\. Check the id/);
  });

  it('of an asset that the catalogue has not says what to check', async () => {
    const { status, error } = await ask('GET', `/api/aquarius/assets/ddo/did:op:${'0'.repeat(64)}`, {});
    expect(status).to.equal(404);
    expect(error).to.match(/Check the DID/);
  });
});
