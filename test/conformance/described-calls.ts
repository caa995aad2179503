/** Requests that bring about every answer that the description of the API lists. A new route does not compile until it has its own. */
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import { assetCalls, NO_JSON, TOO_LARGE, type Opening } from './described-asset-calls.ts';
import type { Caller } from '../support/gateway/caller.ts';
import { ENVIRONMENT } from '../support/gateway/parts.ts';
import type { GatewayScene } from '../support/gateway/scene.ts';
import type { Call, MakeCall, Calls, DescribedCalls } from './call.ts';

/** An environment whose fees are asked for on a chain that nobody answers for. */
export const PAID: Environment = {
  ...ENVIRONMENT,
  id: 'paid' as EnvironmentId,
  orders: 'chain',
  priceMin: 1,
  feeToken: `0x${'2'.repeat(40)}`,
};
const NOBODY = `0x${'1'.repeat(40)}`;

export function describedCalls(scene: () => GatewayScene, opening: () => Opening): DescribedCalls {
  const jobOf = async (who: Caller) => {
    const body = await who.startBody(scene().order());
    const [job] = (await who.call('POST', '/api/services/compute', { body })).jobs();
    if (!job) throw new Error('no job');
    return job.jobId;
  };
  const resultOf = async (who: Caller, expiresAt = Date.now() + 600_000) => {
    const jobId = await jobOf(who);
    await scene().writeResults(jobId, 1, { 'table.csv': 'a,b\n1,2\n' });
    await scene().report(jobId, 70, { details: { expiresAt } });
    return jobId;
  };
  const resultCall = async (who: Caller, jobId: string, index = '0'): Promise<Call> => ({
    query: { jobId, index, ...(await who.signed(jobId, index)) },
  });
  const typedCall = async (who: Caller, method: string, path: string, query: Record<string, unknown> = {}) => ({
    query,
    headers: { ...(await who.typedHeaders(method, path, { query })) },
  });
  const createToken = (who: Caller, expiration: number) =>
    typedCall(who, 'GET', '/api/services/createAuthToken', { expiration });
  const deleteToken = (who: Caller, token: string) =>
    typedCall(who, 'DELETE', '/api/services/deleteAuthToken', { token });
  const createTicket = (who: Caller) => typedCall(who, 'POST', '/api/services/compute/ticket');
  const soon = () => Math.floor(Date.now() / 1000) + 600;
  const unsigned = (who: Caller) => ({ consumerAddress: who.address, nonce: '1', signature: `0x${'11'.repeat(65)}` });

  const assetIn = ({ documentId, serviceId }: { documentId?: string; serviceId?: string }) => ({
    documentId,
    serviceId,
  });
  const quoteOf = (who: Caller, env: string) => ({
    datasets: [assetIn(scene().order().dataset)],
    algorithm: assetIn(scene().order().algorithm),
    compute: { env, validUntil: soon() },
    consumerAddress: who.address,
  });
  const quoteOfOne = (who: Caller, environment: string) => ({
    ...assetIn(scene().order().dataset),
    consumerAddress: who.address,
    environment,
    validUntil: soon(),
  });

  const ofJob: MakeCall = async (who) => {
    const jobId = await jobOf(who);
    return { query: { jobId, ...(await who.signed(jobId)) } };
  };
  const jobsCalls: Calls = {
    200: ofJob,
    400: () => ({ query: { nonce: 'soon' } }),
    401: (who) => ({ body: { jobId: '0'.repeat(32), ...unsigned(who) } }),
    404: async (who) => ({ query: { jobId: '0'.repeat(32), ...(await who.signed('0'.repeat(32))) } }),
    413: () => TOO_LARGE,
    415: () => NO_JSON,
  };
  const calls: DescribedCalls['calls'] = {
    root: { 200: () => ({}) },
    health: { 200: () => ({}) },
    nonce: { 200: () => ({ query: { userAddress: NOBODY } }), 400: () => ({ query: { userAddress: 'me' } }) },
    encrypt: {
      201: () => ({ body: 'secret' }),
      400: () => ({ body: 'secret', query: { chainId: 1 } }),
      413: () => TOO_LARGE,
    },
    ...assetCalls(scene, opening),
    computeEnvironments: { 200: () => ({}), 400: () => ({ query: { chainId: 'x' } }) },
    initializeCompute: {
      200: (who) => ({ body: quoteOf(who, 'local') }),
      400: (who) => ({ body: quoteOf(who, 'elsewhere') }),
      413: () => TOO_LARGE,
      415: () => NO_JSON,
      503: (who) => ({ body: quoteOf(who, PAID.id) }),
    },
    initialize: {
      200: (who) => ({ query: quoteOfOne(who, 'local') }),
      400: (who) => ({ query: quoteOfOne(who, 'elsewhere') }),
      503: (who) => ({ query: quoteOfOne(who, PAID.id) }),
    },
    computeStart: {
      200: async (who) => ({ body: await who.startBody(scene().order()) }),
      400: async (who) => ({ body: await who.startBody({ ...scene().order(), environment: 'elsewhere' }) }),
      401: (who) => ({ body: { ...scene().order(), ...unsigned(who) } }),
      404: async (who) => ({ body: await who.startBody({ ...scene().order(), jobId: '0'.repeat(32) }) }),
      413: () => TOO_LARGE,
      415: () => NO_JSON,
    },
    computeStatus: {
      200: async (who) => {
        await jobOf(who);
        await resultOf(who);
        return { query: await who.signed() };
      },
      304: async (who) => {
        const query = await who.signed();
        const { headers } = await who.call('GET', '/api/services/compute', { query });
        // fetch asks caches to be passed over, unless one says what one wants of them.
        return { query, headers: { 'if-none-match': headers.get('etag') ?? '', 'cache-control': 'max-age=0' } };
      },
      400: () => ({}),
      401: (who) => ({ query: unsigned(who) }),
    },
    computeEvents: {
      200: async (who) => {
        const jobId = await jobOf(who);
        return { query: { jobId, from: 'start', follow: false, ...(await who.signed(jobId)) } };
      },
      400: () => ({}),
      401: () => ({ query: { jobId: '0'.repeat(32), ticket: 'used' } }),
      406: () => ({ headers: { accept: 'application/json' } }),
    },
    createTicket: {
      200: createTicket,
      400: () => ({}),
      401: (who) => ({ body: unsigned(who) }),
      413: () => TOO_LARGE,
      415: () => NO_JSON,
    },
    computeStop: jobsCalls,
    computeDelete: jobsCalls,
    computeResult: {
      200: async (who) => resultCall(who, await resultOf(who)),
      206: async (who) => ({ ...(await resultCall(who, await resultOf(who))), headers: { range: 'bytes=0-1' } }),
      304: async (who) => {
        const jobId = await resultOf(who);
        const { headers } = await who.call('GET', '/api/services/computeResult', await resultCall(who, jobId));
        const etag = headers.get('etag') ?? '';
        return { ...(await resultCall(who, jobId)), headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' } };
      },
      400: () => ({ query: { index: -1 } }),
      401: (who) => ({ query: { jobId: '0'.repeat(32), index: 0, ...unsigned(who) } }),
      404: (who) => resultCall(who, '0'.repeat(32)),
      410: async (who) => resultCall(who, await resultOf(who, Date.now() - 1)),
      412: async (who) => ({
        ...(await resultCall(who, await resultOf(who))),
        headers: { 'if-match': `"${'0'.repeat(64)}"` },
      }),
      416: async (who) => ({ ...(await resultCall(who, await resultOf(who))), headers: { range: 'bytes=99-' } }),
      503: async (who) => {
        const jobId = await resultOf(who);
        await truncate(join(scene().dataDir, 'results', jobId, '1', 'files', '0'), 1);
        return resultCall(who, jobId);
      },
    },
    computeLogs: {
      200: async (who) => {
        const jobId = await jobOf(who);
        return { query: { jobId, ...(await who.signed(jobId, 'log')) } };
      },
      400: () => ({ query: { from: 'x' } }),
      401: (who) => ({ query: { jobId: '0'.repeat(32), ...unsigned(who) } }),
      404: async (who) => ({ query: { jobId: '0'.repeat(32), ...(await who.signed('0'.repeat(32), 'log')) } }),
      410: async (who) => {
        const jobId = await resultOf(who, Date.now() - 1);
        return { query: { jobId, ...(await who.signed(jobId, 'log')) } };
      },
      503: async (who) => {
        const jobId = await jobOf(who);
        await scene().report(jobId, 10);
        return { query: { jobId, ...(await who.signed(jobId, 'log')) } };
      },
    },
    validateContainer: {
      200: () => ({ body: { image: 'node', entrypoint: 'node $ALGO' } }),
      400: () => ({ body: { image: 'node' } }),
      413: () => TOO_LARGE,
      415: () => NO_JSON,
    },
    createAuthToken: {
      200: (who) => createToken(who, soon()),
      400: (who) => createToken(who, 1),
      401: (who) => ({ query: { ...unsigned(who), address: who.address, expiration: soon() } }),
    },
    deleteAuthToken: {
      200: async (who) => {
        const created = await who.call('GET', '/api/services/createAuthToken', await createToken(who, soon()));
        return deleteToken(who, (created.json() as { token: string }).token);
      },
      400: (who) => deleteToken(who, 'none'),
      401: (who) => ({ query: { ...unsigned(who), address: who.address, token: 'x' } }),
      413: () => TOO_LARGE,
      415: () => NO_JSON,
    },
  };

  /** What only a full disk provokes: a call that would succeed, of each route that writes. */
  const writes: DescribedCalls['writes'] = {
    health: () => ({}),
    computeStart: async (who) => ({ body: await who.startBody(scene().order()) }),
    computeStop: ofJob,
    computeDelete: ofJob,
    createTicket,
    createAuthToken: (who) => createToken(who, soon()),
    deleteAuthToken: calls.deleteAuthToken[200] ?? (() => ({})),
  };

  return { calls, writes };
}
