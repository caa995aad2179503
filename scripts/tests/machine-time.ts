/** How busy the processors of this machine were between two looks: also with the engine, containers, and whatever else runs here. */
import { cpus } from 'node:os';

export interface MachineTime {
  /** Of all processors together. */
  readonly busySeconds: number;
  readonly idleSeconds: number;
}

export function machineTime(): MachineTime {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (of: (one: (typeof times)[number]) => number) => times.reduce((all, one) => all + of(one), 0) / 1_000;
  return {
    busySeconds: sum(({ user, nice, sys, irq }) => user + nice + sys + irq),
    idleSeconds: sum(({ idle }) => idle),
  };
}

export function between(before: MachineTime, after: MachineTime): MachineTime {
  return {
    busySeconds: after.busySeconds - before.busySeconds,
    idleSeconds: after.idleSeconds - before.idleSeconds,
  };
}
