/** How the gateway's parts are. */
import type { Bus } from '@capstan/shared/bus/connect';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Health } from '@capstan/shared/contract/answers';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import type { Store } from '../store/store.ts';
import type { Controller } from '../controller/controller.ts';
import type { Runners } from '../scheduling/runners.ts';

type Part = Health['parts']['store'];

interface HealthOptions {
  readonly store: Store;
  readonly storeUpkeep: { problem(): string | undefined };
  readonly bus: Pick<Bus, 'isConnected'>;
  readonly runners: Pick<Runners, 'liveRunners' | 'environments' | 'troubles' | 'upkeep'>;
  readonly controller: Pick<Controller, 'problem' | 'waitingDeletions'>;
  readonly upkeep: Pick<Upkeep, 'report'>;
  readonly cautious: { problem(): string | undefined };
  readonly clock: Clock;
}

export function createHealth(options: HealthOptions): () => Promise<Health> {
  const { store, storeUpkeep, bus, runners, controller, upkeep, cautious, clock } = options;

  /** Takes part in a real commit: a disk that is full or read-only shows here. */
  const storePart = async (): Promise<Part> => {
    const damage = storeUpkeep.problem();
    if (damage !== undefined) return down(damage);
    try {
      await store.write(() => store.probe(clock.now()));
      return ok;
    } catch (error) {
      return down(messageOf(error));
    }
  };

  const natsPart = (): Part => {
    if (!bus.isConnected()) return down('NATS is not reachable. Jobs are accepted and wait.');
    const problem = controller.problem();
    return problem === undefined ? ok : down(`NATS takes no commands: ${problem} Jobs are accepted and wait.`);
  };

  const runnersPart = (live: readonly string[]): Part => {
    if (live.length === 0) return down('No runner has announced itself. Jobs are accepted and wait.');
    const offered = runners.environments().filter(({ isLive }) => isLive);
    const paused = offered.flatMap(({ paused: reason }) => reason ?? []);
    if (offered.length === 0) return down('No runner offers an environment. Jobs are accepted and wait.');
    if (paused.length === offered.length) return down(`No environment begins a job now: ${paused[0]}`);
    return ok;
  };

  const resultsPart = (): Part => {
    const waiting = controller.waitingDeletions();
    return waiting === 0 ? ok : down(`${waiting} deletions wait for the store of results; they are tried again.`);
  };

  return async () => {
    const live = runners.liveRunners();
    const parts = { store: await storePart(), nats: natsPart(), runners: runnersPart(live), results: resultsPart() };
    const reasons = Object.values(parts).flatMap((part) => (part.state === 'down' ? [part.problem] : []));
    const status = parts.store.state === 'down' ? 'down' : reasons.length > 0 ? 'degraded' : 'ok';
    // Nothing waits for it but the bin.
    const notices = [...[cautious.problem() ?? []].flat(), ...runners.troubles()];
    const reports = [...upkeep.report(), ...runners.upkeep()];
    return {
      status,
      reasons,
      notices,
      parts,
      runners: [...live],
      deadLetters: store.deadLetters.count(),
      upkeep: reports,
    };
  };
}

const ok: Part = { state: 'ok' };
const down = (problem: string): Part => ({ state: 'down', problem });
