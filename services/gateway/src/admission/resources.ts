/** Whether an environment can give a job what it asks for, PURE. */
import { shareOf } from '@capstan/shared/contract/amounts';
import type { Resources } from '@capstan/shared/contract/job';
import type { Environment } from '@capstan/shared/contract/messages';
import { CapstanError } from '@capstan/shared/contract/errors';

/** What the engine can still measure out; 6 MiB are the least memory that Docker gives a container. */
const LEAST = { cpus: 0.01, ramGB: 0.0063, diskGB: 0.000_001 } as const;

/** Throws VALIDATION that names every field which asks for more than the environment gives one job, or for too little to give. */
export function requireWithin(asked: Resources, environment: Environment): void {
  const { milliCpus, memoryKB, diskKB, gpus } = shareOf(environment);
  const { id, maxJobDuration } = environment;
  const fields: Record<string, string[]> = {};
  const refuse = (name: keyof Resources, text: string) => {
    fields[`resources.${name}`] = [`The resources.${name} field ${text}`];
  };
  const check = (name: keyof Resources, most: number, least = 0) => {
    const amount = asked[name] ?? most;
    if (amount > most) refuse(name, `must be at most ${most}, all that ${id} gives one job. It is ${amount}.`);
    else if (amount < least) refuse(name, `must be at least ${least}. It is ${amount}.`);
  };
  check('cpus', milliCpus / 1_000, LEAST.cpus);
  check('ramGB', memoryKB / 1_000_000, LEAST.ramGB);
  check('diskGB', diskKB / 1_000_000, LEAST.diskGB);
  check('maxDurationS', maxJobDuration);
  if (gpus === 0 && (asked.gpus ?? 0) > 0) refuse('gpus', `must be 0: ${id} has no GPUs.`);
  else check('gpus', gpus);
  if (Object.keys(fields).length > 0) throw new CapstanError('VALIDATION', 'Validation error', { fields });
}
