/** Reading a command at the border. One that makes no sense must not come again for ever, and its job must end. */
import type { JobId } from '@capstan/shared/contract/ids';
import { parseJobId } from '@capstan/shared/contract/ids';
import { StartCommandSchema, type StartCommand } from '@capstan/shared/contract/messages';
import { compile } from '@capstan/shared/validate';

/** Enough to tell the gateway which run it was. */
export interface Refusal {
  readonly jobId: JobId;
  readonly run: number;
  readonly reason: string;
}

export type ReadCommand =
  | { readonly kind: 'command'; readonly command: StartCommand }
  | { readonly kind: 'refused'; readonly problem: string; readonly refusal: Refusal | undefined };

const validate = compile(StartCommandSchema);

export function readCommand(body: unknown): ReadCommand {
  const checked = validate(body);
  if (checked.ok) return { kind: 'command', command: checked.value };
  const problem = Object.values(checked.errors).flat().join(' ');
  const { jobId, run } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const known = typeof jobId === 'string' ? parseJobId(jobId) : undefined;
  const refusal =
    known && typeof run === 'number' && Number.isInteger(run) && run > 0
      ? { jobId: known, run, reason: `The runner can't carry out this job: ${problem}` }
      : undefined;
  return { kind: 'refused', problem, refusal };
}
