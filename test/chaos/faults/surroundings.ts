/** What the node stands on is treated badly: NATS and the way to it, the engine, the disks. */
import type { ServiceName } from '../../../scripts/parts/service.ts';
import type { DiskName } from '../world/disks.ts';
import type { Fault, Part } from './fault.ts';

const natsRestarts = (isWiped: boolean): Fault => ({
  id: 'F4',
  name: isWiped ? 'NATS is killed and loses its disk' : 'NATS is killed and comes back',
  touches: ['nats'],
  async inject({ node, repeater, hold }, chance) {
    const awayMs = chance.of([0, 500, 5_000]);
    await node.restartNats({ isWiped, awayMs: () => hold(awayMs) });
    if (isWiped) repeater.forget();
  },
});

type Trouble = Parameters<Parameters<Fault['inject']>[0]['node']['links']['gateway']['set']>[0];

const link = (what: string, trouble: Trouble, longestMs: number): Fault => ({
  id: 'F4',
  name: `the way to NATS ${what}`,
  touches: ['nats'],
  async inject({ node, hold }, chance) {
    const sides = chance.of<readonly ServiceName[]>([['gateway'], ['runner'], ['gateway', 'runner']]);
    for (const side of sides) node.links[side].set(trouble);
    await hold(chance.between(1_000, longestMs));
    for (const side of sides) node.links[side].set({ kind: 'open' });
  },
});

const engineRestarts: Fault = {
  id: 'F5',
  name: 'the engine is restarted',
  touches: ['engine'],
  async inject({ engine, hold }, chance) {
    const awayMs = chance.of([0, 2_000]);
    await engine.restart(() => hold(awayMs));
  },
};

const engineFreezes: Fault = {
  id: 'F5',
  name: 'the engine stands still',
  touches: ['engine'],
  async inject({ engine, hold }, chance) {
    engine.freeze();
    try {
      await hold(chance.between(1_000, 30_000));
    } finally {
      engine.thaw();
    }
  },
};

const containerLost: Fault = {
  id: 'F5',
  name: 'the engine loses a container',
  touches: ['engine'],
  inject: ({ engine }, chance) =>
    engine.loseOne((names) => (names.length === 0 ? undefined : names[chance.between(0, names.length - 1)])),
};

/** A gateway may not start on a full disk; so it is not killed meanwhile. */
const DISK_TOUCHES: Readonly<Record<DiskName, readonly Part[]>> = {
  results: ['results'],
  store: ['gateway'],
  engine: ['engine'],
};

const diskFills = (name: DiskName): Fault => ({
  id: 'F6',
  name: `the disk of the ${name} fills up`,
  touches: DISK_TOUCHES[name],
  whyNot: ({ disks }) => disks.whyNot,
  async inject({ disks, hold }, chance) {
    try {
      await disks.fill(name);
      await hold(chance.between(2_000, 15_000));
    } finally {
      await disks.free(name);
    }
  },
});

export const FAULTS_AROUND: readonly Fault[] = [
  natsRestarts(false),
  natsRestarts(true),
  link('falls silent', { kind: 'silent' }, 60_000),
  link('falls silent for a moment', { kind: 'silent' }, 6_000),
  link('is cut', { kind: 'cut' }, 5_000),
  link('is slow', { kind: 'slow', ms: 400 }, 10_000),
  engineRestarts,
  engineFreezes,
  containerLost,
  diskFills('results'),
  diskFills('store'),
  diskFills('engine'),
];
