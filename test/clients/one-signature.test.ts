/** One signature is for one thing: what was accepted as each request, sent again as everything else that its text can be read as. */
import { expect } from 'chai';
import { Wallet } from 'ethers';
import type { StatusObject } from '@capstan/shared/contract/api';
import { startAnvil, type Anvil } from '../../scripts/parts/anvil.ts';
import { COMPUTE, createCaller, type Answer, type Caller } from '../support/gateway/caller.ts';
import { readingsOf, type ReadAs, type Reading } from '../support/gateway/readings.ts';
import { startGateway, type GatewayScene } from '../support/gateway/scene.ts';
import { loadOceanJs, VERSIONS, type Signer } from './ocean-js.ts';
import { quietConsole } from './quiet.ts';

/** What somebody asks for at first, of their own job. `more`: beside what the reading says. */
interface Row {
  readonly name: string;
  readonly parts: (job: { readonly jobId: string; readonly documentId: string }) => readonly string[];
  readonly as: ReadAs;
  /** Whether it is found; what is not there yet serves for nothing else, either. */
  readonly status: 200 | 404;
}

const ROWS: readonly Row[] = [
  { name: 'a start', as: 'start', parts: ({ documentId }) => [documentId], status: 200 },
  { name: 'a stop of one job', as: 'stop', parts: ({ jobId }) => [jobId], status: 200 },
  { name: 'a stop of all on a dataset', as: 'stop', parts: ({ documentId }) => [documentId], status: 200 },
  { name: 'a stop of all', as: 'stop', parts: () => [], status: 200 },
  { name: 'a delete of one job', as: 'delete', parts: ({ jobId }) => [jobId], status: 200 },
  { name: 'a delete of all on a dataset', as: 'delete', parts: ({ documentId }) => [documentId], status: 200 },
  { name: 'a status of one job', as: 'status', parts: ({ jobId }) => [jobId], status: 200 },
  { name: 'a status by dataset', as: 'status', parts: ({ documentId }) => [documentId], status: 200 },
  { name: 'a status of both', as: 'status', parts: ({ jobId, documentId }) => [jobId, documentId], status: 200 },
  { name: 'a status of all', as: 'status', parts: () => [], status: 200 },
  { name: 'the result 0', as: 'result', parts: ({ jobId }) => [jobId, '0'], status: 200 },
  { name: 'the result 1', as: 'result', parts: ({ jobId }) => [jobId, '1'], status: 200 },
  { name: 'a result that is not there', as: 'result', parts: ({ jobId }) => [jobId, '7'], status: 404 },
  { name: 'a log', as: 'log', parts: ({ jobId }) => [jobId, 'log'], status: 200 },
  { name: 'a token', as: 'token', parts: () => [], status: 200 },
  { name: 'a ticket', as: 'ticket', parts: () => [], status: 200 },
];

/** What is answered to somebody who has no job here, and whose address was never seen. */
const ROWS_OF_STRANGERS: readonly Row[] = ROWS.filter(
  ({ name }) => /^a (status|stop|delete) (by|of all)/.test(name) && name !== 'a stop of one job',
);

/** ocean.js leaves open whether it is a list. */
const listed = (jobs: StatusObject | readonly StatusObject[] | null): readonly StatusObject[] => {
  expect(jobs).to.be.an('array');
  return jobs as readonly StatusObject[];
};

const soon = () => Math.floor(Date.now() / 1000) + 600;

for (const statusAccess of ['signed', 'id'] as const) {
  describe(`what was signed for one thing, where statusAccess is ${statusAccess}`, () => {
    const releases = new AsyncDisposableStack();
    let scene: GatewayScene;
    let chain: Anvil;
    before(async () => {
      releases.use(quietConsole());
      chain = releases.use(await startAnvil());
      scene = releases.use(
        await startGateway({
          variables: {
            CAPSTAN_GATEWAY_STATUS_ACCESS: statusAccess,
            // So that there is something that the text of a status could be made into.
            CAPSTAN_GATEWAY_COMPAT_LEGACY_TOKENS: 'true',
            CAPSTAN_GATEWAY_LIMITS_PER_CALLER_PER_SECOND: '0',
            CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: '0',
          },
        }),
      );
      // Both places are taken, so all other jobs wait, and stop at once.
      const other = scene.caller();
      for (const _ of [1, 2]) await scene.sent((await other.job(scene.order())).jobId);
    });
    after(() => releases.disposeAsync());

    const send = (caller: Caller, { as, jobId, documentId, index, nonce }: Reading, signature: string) => {
      const about = { jobId: jobId ?? '', documentId: documentId ?? '', consumerAddress: caller.address };
      const signed = { nonce, signature };
      const query = { ...about, ...signed };
      const asAddress = { address: caller.address, expiration: soon(), ...signed };
      const requests: Readonly<Record<ReadAs, () => Promise<Answer>>> = {
        start: () => {
          const order = scene.order();
          const dataset = { ...order.dataset, documentId: documentId ?? '' };
          return caller.call('POST', COMPUTE, { body: { ...order, ...about, ...signed, dataset } });
        },
        stop: () => caller.call('PUT', COMPUTE, { query }),
        delete: () => caller.call('DELETE', COMPUTE, { query }),
        status: () => caller.call('GET', COMPUTE, { query }),
        result: () => caller.call('GET', '/api/services/computeResult', { query: { ...query, index } }),
        log: () => caller.call('GET', '/api/services/computeLogs', { query }),
        token: () => caller.call('GET', '/api/services/createAuthToken', { query: asAddress }),
        ticket: () =>
          caller.call('POST', `${COMPUTE}/ticket`, { body: { consumerAddress: caller.address, ...signed } }),
      };
      return requests[as]();
    };

    /** An owner with an ended job that has results, and with one that runs. */
    const anOwner = async (wallet?: Wallet) => {
      const caller = wallet ? createCaller(() => scene.url, wallet) : scene.caller();
      const ended = await caller.job(scene.order());
      const results = await scene.writeResults(ended.jobId, 1, { 'a.txt': 'a', 'b.txt': 'b' });
      await scene.report(ended.jobId, 70, { details: { results: [...results], expiresAt: Date.now() + 600_000 } });
      return { caller, job: ended };
    };

    const refusedAsAllElse = async (
      caller: Caller,
      row: Row,
      job: { jobId: string; documentId: string },
      isStranger = false,
    ) => {
      const nonce = caller.nextNonce();
      const text = [...row.parts(job), nonce].join('');
      const signature = await caller.sign(caller.address + text);
      const readings = readingsOf(text);
      const first = readings.find(
        ({ as, ...reading }) => as === row.as && (as !== 'result' || reading.index === row.parts(job)[1]),
      );
      if (!first) throw new Error(`${row.name} can not be read as itself`);
      const accepted = await send(caller, first, signature);
      expect(accepted.status, `${row.name}: ${accepted.text}`).to.equal(row.status);
      for (const reading of readings.filter(({ as }) => as !== row.as)) {
        // Where an id is enough, nobody's signature is looked at.
        if (statusAccess === 'id' && reading.as === 'status' && reading.jobId !== undefined) continue;
        // Of who has no job there is nothing to see.
        if (isStranger && reading.as === 'status') continue;
        const answer = await send(caller, reading, signature);
        expect(answer.status, `${row.name} as ${JSON.stringify(reading)}: ${answer.text}`).to.equal(401);
      }
    };

    for (const row of ROWS) {
      it(`${row.name} is nothing else`, async () => {
        const { caller, job } = await anOwner();
        await refusedAsAllElse(caller, row, job);
        // Nor is its owner locked out.
        expect((await caller.start(scene.order())).status).to.equal(200);
      });
    }

    for (const row of ROWS_OF_STRANGERS) {
      it(`${row.name}, of somebody who has no job here, is nothing else`, async () => {
        const stranger = scene.caller();
        const { documentId } = scene.order().dataset;
        await refusedAsAllElse(stranger, row, { jobId: '', documentId }, true);
        // Who counts on from what the node tells has a nonce that is fresh.
        const nonce = String(Number(await stranger.lastNonce()) + 1);
        const signature = await stranger.sign(stranger.address + documentId + nonce);
        const started = await send(stranger, { as: 'start', documentId, nonce }, signature);
        expect(started.status, started.text).to.equal(200);
      });
    }

    if (statusAccess !== 'id') return;

    for (const version of VERSIONS) {
      it(`and ocean.js ${version} goes on polling, stopping and deleting in between`, async () => {
        const { provider, newSigner, downloadFile } = loadOceanJs(version);
        const signer = newSigner(chain.url) as Signer & { readonly privateKey: string };
        const wallet = new Wallet(signer.privateKey);
        const polled = async (jobId: string) => {
          const [job] = listed(await provider.computeStatus(scene.url, signer.address, jobId));
          return job?.status;
        };
        for (const row of ROWS) {
          const { caller, job } = await anOwner(wallet);
          expect(await polled(job.jobId)).to.equal(70);
          await refusedAsAllElse(caller, row, job);
          if (row.as !== 'delete') {
            const url = await provider.getComputeResultUrl(scene.url, signer, job.jobId, 1);
            expect(Buffer.from((await downloadFile(url)).data).toString(), row.name).to.equal('b');
          }
          const { dataset, environment, algorithm } = scene.order();
          const started = await provider.computeStart(
            scene.url,
            signer,
            environment ?? '',
            { ...dataset, serviceId: dataset.serviceId ?? '' },
            algorithm as { meta: object },
          );
          const [running] = listed(started);
          if (!running) throw new Error('The node named no job.');
          const { jobId, agreementId } = running;
          const stopped = await provider.computeStop(
            dataset.documentId,
            signer.address,
            jobId,
            scene.url,
            signer,
            ...(version === '3.4' ? [agreementId] : []),
          );
          expect(listed(stopped)[0]?.status, row.name).to.equal(7);
          const deleted = await provider.computeDelete(dataset.documentId, signer, jobId, scene.url);
          expect(listed(deleted)[0]?.status, row.name).to.equal(8);
        }
      });
    }
  });
}
