import { expect } from 'chai';
import { startGateway } from '../../support/gateway/scene.ts';

describe('where a gateway listens', () => {
  it('on all addresses, without saying where clients reach it, is warned of; results are then found on this machine', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_HOST: '0.0.0.0' } });
    const { url } = scene;
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    const warning =
      'clients elsewhere are given addresses of results that hold on this machine only: set gateway.publicUrl to where they reach the node';
    expect(await scene.logged(warning)).to.include({ level: 'warn', url });
    const owner = scene.caller();
    const { jobId } = await owner.job(scene.order());
    const results = await scene.writeResults(jobId, 1, { 'a.txt': 'a' });
    await scene.report(jobId, 70, { details: { results: [...results] } });
    expect((await owner.status(jobId)).resultsUrls[0]).to.match(new RegExp(`^${url}/api/`));
  });

  it('may be one of IPv6', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_HOST: '::1' } });
    expect(scene.url).to.match(/^http:\/\/\[::1\]:\d+$/);
    expect((await scene.caller().call('GET', '/')).status).to.equal(200);
  });

  it('keeps a connection longer than proxies keep theirs', async () => {
    await using scene = await startGateway();
    const { headers } = await scene.caller().call('GET', '/');
    expect(headers.get('keep-alive')).to.equal('timeout=90');
    await scene.gateway().stop();
    await scene.restartGateway({ CAPSTAN_GATEWAY_LIMITS_KEEP_ALIVE_S: '120' });
    expect((await scene.caller().call('GET', '/')).headers.get('keep-alive')).to.equal('timeout=120');
  });
});
