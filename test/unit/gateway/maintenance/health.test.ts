import { expect } from 'chai';
import { createHealth } from '../../../../services/gateway/src/maintenance/health.ts';
import { gatewayParts } from '../../../support/gateway/parts.ts';

const FINE = { problem: () => undefined, waitingDeletions: () => 0 };

describe('the health of a gateway', () => {
  const { store } = gatewayParts();
  type Options = Parameters<typeof createHealth>[0];
  type State = ReturnType<Options['runners']['environments']>[number];
  const state = (more: Partial<State>) => ({ isLive: true, ...more }) as State;
  const healthOf = (more: Partial<Options> = {}) =>
    createHealth({
      store,
      storeUpkeep: { problem: () => undefined },
      bus: { isConnected: () => true },
      runners: {
        liveRunners: () => ['one'],
        upkeep: () => [],
        environments: () => [state({}), state({ paused: 'The disk is full.' })],
        troubles: () => [],
      },
      controller: FINE,
      upkeep: { report: () => [] },
      cautious: { problem: () => undefined },
      clock: { now: () => 0, monotonicMs: () => 0 },
      ...more,
    })();

  it('is ok while something can take a job', async () => {
    expect(await healthOf())
      .to.include({ status: 'ok' })
      .and.to.deep.include({ reasons: [], notices: [] });
  });

  const DEGRADED: Readonly<Record<string, readonly [RegExp, Partial<Options>]>> = {
    'NATS is away': [/not reachable/, { bus: { isConnected: () => false } }],
    'NATS takes no commands': [/takes no commands: no space/, { controller: { ...FINE, problem: () => 'no space.' } }],
    'there is no runner': [
      /No runner/,
      { runners: { liveRunners: () => [], upkeep: () => [], environments: () => [], troubles: () => [] } },
    ],
    'every environment is paused': [
      /begins a job now: The disk is full/,
      {
        runners: {
          liveRunners: () => ['one'],
          upkeep: () => [],
          environments: () => [state({ paused: 'The disk is full.' })],
          troubles: () => [],
        },
      },
    ],
    'no runner of an environment is there': [
      /offers an environment/,
      {
        runners: {
          liveRunners: () => ['one'],
          upkeep: () => [],
          environments: () => [state({ isLive: false })],
          troubles: () => [],
        },
      },
    ],
    'deletions wait': [/3 deletions wait/, { controller: { ...FINE, waitingDeletions: () => 3 } }],
  };
  for (const [what, [reason, more]] of Object.entries(DEGRADED)) {
    it(`is degraded when ${what}, and says so`, async () => {
      const { status, reasons } = await healthOf(more);
      expect(status).to.equal('degraded');
      expect(reasons).to.have.length(1);
      expect(reasons[0]).to.match(reason);
    });
  }

  it('is down when the store can not be written', async () => {
    const broken = { ...store, write: () => Promise.reject(new Error('The disk is full.')) };
    const { status, reasons } = await healthOf({ store: broken, controller: { ...FINE, waitingDeletions: () => 1 } });
    expect([status, reasons.length]).to.deep.equal(['down', 2]);
  });

  it('is down when the store was found damaged', async () => {
    const { status, reasons } = await healthOf({ storeUpkeep: { problem: () => 'The store is damaged.' } });
    expect([status, reasons]).to.deep.equal(['down', ['The store is damaged.']]);
  });

  it('tells of what an operator must act on though jobs begin', async () => {
    const runners = {
      liveRunners: () => ['one'],
      upkeep: () => [],
      environments: () => [state({})],
      troubles: () => ['one: a volume stays.'],
    };
    const { status, notices } = await healthOf({ runners });
    expect([status, notices]).to.deep.equal(['ok', ['one: a volume stays.']]);
  });

  it('tells of a clock that leapt without being less well for it', async () => {
    const { status, notices } = await healthOf({ cautious: { problem: () => 'The clock leapt.' } });
    expect([status, notices]).to.deep.equal(['ok', ['The clock leapt.']]);
  });
});
