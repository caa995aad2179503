import { Wallet } from 'ethers';
import { expect } from 'chai';
import { connect } from '@capstan/shared/client/connect';
import type { Which } from '@capstan/shared/client/status-stream';
import { CapstanError } from '@capstan/shared/contract/errors';
import { COMPUTE, createCaller, type Caller } from '../../support/gateway/caller.ts';
import { startGateway, LOCAL, type GatewayScene } from '../../support/gateway/scene.ts';

describe('an operator of the node', () => {
  const wallet = new Wallet(Wallet.createRandom().privateKey);
  let scene: GatewayScene;
  let operator: Caller;
  for (const statusAccess of ['open', 'signed'] as const) {
    describe(`where statuses are ${statusAccess}`, () => {
      before(async () => {
        scene = await startGateway({
          variables: {
            CAPSTAN_GATEWAY_OPERATORS: JSON.stringify([wallet.address]),
            CAPSTAN_GATEWAY_STATUS_ACCESS: statusAccess,
          },
        });
        operator = createCaller(() => scene.url, wallet);
      });
      after(() => scene[Symbol.asyncDispose]());

      const tokenOf = async (who: Caller) => ((await who.createToken()).json() as { token: string }).token;
      /** The jobs that somebody sees who follows these. */
      const seen = async (who: Caller, which: Which) => {
        await using node = connect(scene.url, { auth: { token: await tokenOf(who) } });
        const { value } = await node.subscribe(which).next();
        return value?.type === 'snapshot' ? value.jobs.map(({ jobId }) => jobId) : [];
      };
      const refusal = (who: Caller, which: Which) => seen(who, which).catch((error: unknown) => error);

      it('follows the jobs of everybody, or of an environment', async () => {
        const jobs = [await scene.caller().job(scene.order()), await scene.caller().job(scene.order())];
        const ids = jobs.map(({ jobId }) => jobId).toReversed();
        expect(await seen(operator, { all: true })).to.deep.equal(ids);
        expect(await seen(operator, { environment: LOCAL })).to.deep.equal(ids);
        expect(await seen(operator, { environment: 'elsewhere' })).to.deep.equal([]);
        expect(await seen(operator, { owner: jobs[0]?.owner ?? '' })).to.deep.equal([jobs[0]?.jobId]);
      });

      it('is who may do so, and nobody else', async () => {
        const stranger = scene.caller();
        const refused = await refusal(stranger, { all: true });
        expect(refused).to.be.instanceOf(CapstanError).with.property('code', 'INVALID_SIGNATURE');
        if (statusAccess === 'open') {
          expect(await refusal(stranger, { environment: LOCAL })).to.be.instanceOf(CapstanError);
        } else expect(await seen(stranger, { environment: LOCAL })).to.deep.equal([]);
      });

      it('follows all as server-sent events, too', async () => {
        const { jobId } = await scene.caller().job(scene.order());
        const headers = { AuthToken: await tokenOf(operator) };
        const query = { all: 'true', from: 'start', follow: 'false' };
        const { status, text } = await operator.call('GET', `${COMPUTE}/events`, { query, headers });
        expect([status, text.includes(jobId)]).to.deep.equal([200, true]);
      });

      it('stops a job of somebody else, which is named', async () => {
        const owner = scene.caller();
        const { jobId } = await owner.job(scene.order());
        const other = await owner.job(scene.order());
        expect((await operator.stop()).jobs(), 'without a name: their own').to.deep.equal([]);
        expect((await scene.caller().stop({ jobId })).status).to.equal(404);
        const [stopped] = (await operator.stop({ jobId })).jobs();
        expect(stopped).to.include({ jobId, status: 7 });
        const byOperator = 'The job was stopped by an operator of the node.';
        expect(stopped).to.have.nested.property('terminationDetails.reason', byOperator);
        expect(await scene.logged('an operator stops a job')).to.include({ jobId, by: wallet.address.toLowerCase() });
        const [own] = (await owner.stop({ jobId: other.jobId })).jobs();
        expect(own?.terminationDetails?.reason).to.match(/before a runner began/);
      });

      it('is named as who stopped a job that runs, whatever the runner says of it', async () => {
        const { jobId } = await scene.caller().job(scene.order());
        await scene.report(jobId, 40);
        const answer = operator.stop({ jobId });
        await scene.desired(jobId, 'stopped');
        const termination = {
          exitCode: 137,
          signal: 'SIGKILL',
          OOMKilled: false,
          reason: 'The job was stopped on request.',
        };
        await scene.report(jobId, 7, { details: { termination, results: [] } });
        const [stopped] = (await answer).jobs();
        const reason = 'The job was stopped by an operator of the node.';
        expect(stopped?.terminationDetails).to.deep.equal({ ...termination, reason });
      });

      it('does not read what is in it, nor delete it', async () => {
        const { jobId } = await scene.caller().job(scene.order());
        const results = await scene.writeResults(jobId, 1, { 'secret.txt': 'secret' });
        await scene.report(jobId, 70, { details: { results: [...results] } });
        expect((await operator.result(jobId, 0)).status).to.equal(404);
        expect((await operator.remove({ jobId })).status).to.equal(404);
      });

      it('is known to the page, by a token', async () => {
        const session = async (token?: string) =>
          (
            await operator.call('GET', '/ui/session', token === undefined ? {} : { headers: { AuthToken: token } })
          ).json();
        expect(await session()).to.include({ statusAccess, caller: null });
        expect(await session('forged')).to.include({ statusAccess, caller: null });
        const address = wallet.address.toLowerCase();
        expect(await session(await tokenOf(operator))).to.deep.include({
          statusAccess,
          caller: { address, isOperator: true },
        });
        const stranger = scene.caller();
        expect(await session(await tokenOf(stranger))).to.have.nested.property('caller.isOperator', false);
      });
    });
  }
});
