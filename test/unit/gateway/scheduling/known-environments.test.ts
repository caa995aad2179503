import { tmpdir } from 'node:os';
import type { EnvironmentConfig } from '@capstan/shared/config/environment';
import { loadConfig } from '@capstan/shared/config/load';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import type { Announcement, Environment } from '@capstan/shared/contract/messages';
import { createLog } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import { createKnownEnvironments } from '../../../../services/gateway/src/scheduling/known-environments.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { ENVIRONMENT } from '../../../support/gateway/parts.ts';

const TOKEN = `0x${'a1'.repeat(20)}`;
const shared = 'shared' as EnvironmentId;

function aNode(configured: readonly EnvironmentConfig[] = []) {
  const store = openStore(':memory:');
  const last = new Map<string, Announcement>();
  const known = createKnownEnvironments({
    store,
    configured,
    isHeard: (runnerId) => last.has(runnerId),
    offerElsewhere(id, notBy) {
      for (const { runnerId, environments } of last.values()) {
        const environment = runnerId === notBy ? undefined : environments.find((one) => one.id === id);
        if (environment) return { runnerId, environment };
      }
      return undefined;
    },
    log: createLog('test', 'silent'),
  });
  let at = 1_000;
  const announce = (runnerId: string, ...offered: readonly Partial<Environment>[]) => {
    const environments = offered.map((one) => ({ ...ENVIRONMENT, ...one }));
    const announcement: Announcement = { v: 1, runnerId, instance: runnerId, environments, jobs: [] };
    known.take(announcement, (at += 1_000));
    last.set(runnerId, announcement);
  };
  return { store, known, announce };
}

describe('the chains of an environment', () => {
  const chainsOf = (ofGateway: number[] | undefined, ofRunner: number[] | undefined) => {
    const named = (allowedChainId: number[] | undefined) => (allowedChainId === undefined ? {} : { allowedChainId });
    const variables = { CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: 'shared', ...named(ofGateway) }]) };
    const { store, known, announce } = aNode(loadConfig(variables, tmpdir()).runner.environments);
    announce('a', { id: shared, ...named(ofRunner) });
    store.close();
    return known.get(shared)?.environment.allowedChainId;
  };

  it("are those of the gateway's configuration, else what its runner says", () => {
    expect(chainsOf([1], [2])).to.deep.equal([1]);
    expect(chainsOf([1], undefined)).to.deep.equal([1]);
    expect(chainsOf(undefined, [2])).to.deep.equal([2]);
    expect(chainsOf(undefined, undefined)).to.equal(undefined);
  });
});

describe('an environment that two runners offer', () => {
  const priced = { id: shared, orders: 'chain', priceMin: 2, feeToken: TOKEN } as const;

  it('stays when the one that brought it drops it, and is the other one’s from then on', async () => {
    const { store, known, announce } = aNode();
    announce('a', { id: shared });
    announce('b', priced);
    expect(known.get(shared)?.environment).to.include({ orders: 'free' });
    announce('a');
    expect(known.get(shared)).to.include({ isWithdrawn: false, announcedBy: 'b' });
    expect(known.get(shared)?.environment).to.include({ priceMin: 2, feeToken: TOKEN });
    await store.write(() => undefined);
    expect(store.environments.all().map(({ environment, announcedBy }) => [environment.id, announcedBy])).to.deep.equal(
      [[shared, 'b']],
    );
    announce('b');
    expect(known.get(shared)).to.equal(undefined);
    store.close();
  });

  it('goes when only its runner offered it', () => {
    const { store, known, announce } = aNode();
    announce('a', { id: shared });
    announce('b');
    expect(known.ids()).to.deep.equal([shared]);
    announce('a');
    expect(known.ids()).to.deep.equal([]);
    store.close();
  });
});
