import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import { broadcast } from '@capstan/shared/bus/publish';
import { announceSubject } from '@capstan/shared/bus/subjects';
import type { Environment } from '@capstan/shared/contract/messages';
import { expect } from 'chai';
import { getAddress } from 'ethers';
import { freePort } from '../../../scripts/parts/free-port.ts';
import { ROOT } from '../../../scripts/parts/service.ts';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { ENVIRONMENT } from '../../support/gateway/parts.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const LIST = '/api/services/computeEnvironments';
const TOKEN = `0x${'a1'.repeat(20)}`;
const TOKEN_OF_137 = `0x${'c3'.repeat(20)}`;
const TOKEN_OF_CHAIN = `0x${'b2'.repeat(20)}`;
const named = (id: string, more: Partial<Environment> = {}): Environment => ({
  ...ENVIRONMENT,
  id: id as EnvironmentId,
  ...more,
});

describe('the environments of a node', () => {
  let scene: GatewayScene;
  before(async () => {
    const rpc = [`http://127.0.0.1:${await freePort()}`];
    scene = await startGateway({
      variables: {
        CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify(['away', 'second', 'local'].map((id) => ({ id }))),
        CAPSTAN_CHAINS: JSON.stringify([
          { id: 137, rpc, feeToken: TOKEN_OF_137 },
          { id: 8996, rpc, feeToken: TOKEN_OF_CHAIN },
        ]),
      },
      moreEnvironments: [
        named('priced', { orders: 'chain', priceMin: 1, feeToken: TOKEN }),
        named('second'),
        named('elsewhere', { allowedChainId: [137] }),
        named('short', { maxJobDuration: 30 }),
      ],
    });
  });
  after(() => scene[Symbol.asyncDispose]());

  const listed = async (): Promise<readonly EnvironmentObject[]> =>
    (await scene.caller().call('GET', LIST, { query: { chainId: 8996 } })).json() as EnvironmentObject[];
  const ids = async () => (await listed()).map(({ id }) => String(id));
  const announce = (runnerId: string, ...offered: readonly string[]) =>
    broadcast(scene.bus, announceSubject(runnerId), {
      v: 1,
      runnerId,
      instance: runnerId,
      environments: offered.map((id) => named(id)),
      jobs: [],
    });
  /** Once the gateway has heard what was said before: a runner of its own comes, and is named after what it offers. */
  const heard = async (mark: string) => {
    announce(mark, mark);
    for (;;) if ((await ids()).includes(mark)) return;
  };
  const quoteOf = async (caller: Caller, more: object = {}) => {
    const { dataset, algorithm } = scene.order();
    const body = {
      datasets: [{ documentId: dataset.documentId, serviceId: dataset.serviceId, ...more }],
      algorithm: { documentId: algorithm.documentId, serviceId: algorithm.serviceId },
      compute: { env: ENVIRONMENT.id, validUntil: Math.floor(Date.now() / 1_000) + 600 },
      consumerAddress: caller.address,
    };
    const answer = await caller.call('POST', '/api/services/initializeCompute', { body });
    return answer.json() as {
      datasets: [{ datatoken?: string; validOrder?: string; providerFee?: { providerFeeToken: string } }];
    };
  };

  /** As an operator types it. */
  const move = async (from: string, to: string) => {
    const child = spawn(process.execPath, [join(ROOT, 'scripts', 'move.ts'), from, to], {
      cwd: ROOT,
      env: { ...process.env, CAPSTAN_DATA_DIR: scene.dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, said: (await said).join('') };
  };

  it('are in the order of the configuration, those that are there before those that are away', async () => {
    announce('away', 'away');
    await heard('mark-1');
    expect((await ids()).slice(0, 3)).to.deep.equal(['away', 'second', 'local']);
    await scene.gateway().stop();
    await scene.restartGateway();
    const list = await listed();
    expect(list.slice(0, 2).map(({ id, available }) => [id, available])).to.deep.equal([
      ['second', true],
      ['local', true],
    ]);
    expect(list.find(({ id }) => id === ('away' as EnvironmentId))).to.include({ available: false });
  });

  it('must be named in an order where there are several', async () => {
    const { environment: _environment, ...order } = scene.order();
    const answer = await scene.caller().start(order);
    expect([answer.status, (answer.json() as { error: string }).error]).to.deep.equal([
      400,
      'Compute environment does not exist',
    ]);
  });

  it('leave the list at once when they are offered no more; who waits for one is told, and nobody comes after', async () => {
    const caller = scene.caller();
    announce('changing', 'going', 'staying');
    await heard('mark-2');
    const order = { ...scene.order(), environment: 'going' };
    const { jobId } = await caller.job(order);
    announce('changing', 'staying');
    await heard('mark-3');
    expect(await ids())
      .to.include('staying')
      .and.not.to.include('going');
    expect((await caller.status(jobId)).queue?.reason).to.match(/^The environment going was taken out of the node's/);
    const refused = await caller.start({ ...scene.order(), environment: 'going' });
    expect([refused.status, (refused.json() as { error: string }).error]).to.deep.equal([
      400,
      'Compute environment does not exist',
    ]);
    announce('changing', 'staying', 'going');
    await heard('mark-4');
    expect(await ids()).to.include('going');
    expect((await caller.status(jobId)).queue?.reason).not.to.contain('taken out');
    expect((await caller.call('PUT', COMPUTE, { query: { jobId, ...(await caller.signed(jobId)) } })).status).to.equal(
      200,
    );
  });

  it('give up those that wait for them to another one, where an operator says so', async () => {
    const caller = scene.caller();
    announce('closing', 'closed', 'other');
    await heard('mark-5');
    // Its two places are taken: what comes now waits in the node. What was sent has not begun, and nobody can begin it any more.
    const sent: string[] = [];
    for (const order of [scene.order(), scene.order()]) {
      const job = await caller.job({ ...order, environment: 'closed' });
      await scene.sent(job.jobId);
      sent.push(job.jobId);
    }
    const { jobId } = await caller.job({ ...scene.order(), environment: 'closed' });
    const long = { ...scene.order(), environment: 'closed', resources: { maxDurationS: 60 } };
    const { jobId: longId } = await caller.job(long);
    announce('closing', 'other');
    await heard('mark-6');
    expect((await caller.status(jobId)).queue?.reason).to.contain("the node's operator can move");
    expect((await move('closed', 'nowhere')).said).to.contain('There is no environment "nowhere".');
    expect((await move('closed', 'priced')).said).to.contain("can't be moved to it");
    expect((await move('closed', 'short')).said)
      .to.contain('3 moved from closed to short, 1 stays.')
      .and.to.contain(`${longId} stays: The resources.maxDurationS field must be at most 30`);
    expect((await caller.status(longId)).environment).to.equal('closed');
    for (const moved of [...sent, jobId]) expect((await caller.status(moved)).environment).to.equal('short');
    expect((await move('closed', 'local')).said).to.contain('1 moved from closed to local, 0 stay.');
    await scene.sent(longId);
    expect((await caller.status(longId)).environment).to.equal('local');
  });

  it('are those of all chains that the node knows, as is the node itself', async () => {
    const caller = scene.caller();
    const root = (await caller.call('GET', '/')).json() as {
      chainIds: number[];
      providerAddress: string;
      providerAddresses: Record<string, string>;
    };
    expect(root.chainIds).to.deep.equal([8996, 137]);
    expect(root.providerAddresses).to.deep.equal({ 8996: root.providerAddress, 137: root.providerAddress });
    const byChain = (await caller.call('GET', LIST)).json() as Record<string, { id: string }[]>;
    expect(Object.keys(byChain).toSorted()).to.deep.equal(['137', '8996']);
    const on = async (chainId: number) =>
      ((await caller.call('GET', LIST, { query: { chainId } })).json() as []).length;
    expect(await on(137)).to.be.greaterThan(0);
    expect(await on(1)).to.equal(0);
    const encrypt = async (chainId: number) =>
      (await caller.call('POST', '/api/services/encrypt', { query: { chainId }, body: 'x' })).status;
    expect([await encrypt(137), await encrypt(8996), await encrypt(1)]).to.deep.equal([201, 201, 400]);
    const quoted = async (chainId: number) => {
      const did = `did:op:${String(chainId).padStart(64, '0')}`;
      const ddo = { ...scene.dataset, id: did, chainId };
      await writeFile(join(scene.dataDir, 'catalogue', `${did.slice('did:op:'.length)}.json`), JSON.stringify(ddo));
      return (await quoteOf(caller, { documentId: did })).datasets[0].providerFee?.providerFeeToken;
    };
    expect([await quoted(137), await quoted(1)]).to.deep.equal([TOKEN_OF_137, TOKEN].map((token) => getAddress(token)));
  });

  it('that are for some chains are listed for those, and take assets of those alone', async () => {
    const caller = scene.caller();
    const list = async (query: Record<string, number>) => (await caller.call('GET', LIST, { query })).json();
    const shown = (all: unknown) => (all as { id: string }[]).map(({ id }) => id);
    const byChain = (await list({})) as Record<string, unknown>;
    for (const all of [byChain['8996'], await list({ chainId: 8996 })])
      expect(shown(all)).to.include('second').and.not.to.include('elsewhere');
    for (const all of [byChain['137'], await list({ chainId: 137 })]) {
      expect(shown(all)).to.include.members(['second', 'elsewhere']);
      const one = (all as { id: string }[]).find(({ id }) => id === 'elsewhere');
      expect(one).to.deep.include({ allowedChainId: [137] });
    }
    const order = { ...scene.order(), environment: 'elsewhere' };
    const { dataset, algorithm } = scene.order();
    const quote = {
      datasets: [{ documentId: dataset.documentId, serviceId: dataset.serviceId }],
      algorithm: { documentId: algorithm.documentId, serviceId: algorithm.serviceId },
      compute: { env: 'elsewhere', validUntil: Math.floor(Date.now() / 1_000) + 600 },
      consumerAddress: caller.address,
    };
    for (const answer of [
      await caller.start(order),
      await caller.call('POST', '/api/services/initializeCompute', { body: quote }),
    ]) {
      expect(answer.status).to.equal(400);
      expect(answer.json()).to.deep.include({ error: 'Compute environment does not exist' });
      expect((answer.json() as { message: string }).message).to.contain('takes assets of these chains only: 137.');
    }
  });

  it('that cost nothing name a token that can be approved, and the datatoken beside an order', async () => {
    const caller = scene.caller();
    const [first] = (await quoteOf(caller)).datasets;
    expect(first.providerFee?.providerFeeToken).to.equal(getAddress(TOKEN_OF_CHAIN));
    const [again] = (await quoteOf(caller, { transferTxId: '0x1' })).datasets;
    expect(again).to.deep.equal({ datatoken: first.datatoken, validOrder: '0x1' });
  });
});
